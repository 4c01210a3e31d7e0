#!/bin/bash
# StoragePool and Volumes: capacity, allocation and available of each pool as virsh
# pool-info says, and the three values of each layer of their volumes as stat and
# qemu-img say, also where a backing image lies in another pool or in none. A pool
# that is stopped and a volume that vanished are no error. Pools are never
# refreshed by the plugin; when someone else does, volumes that were written to and
# resized show it. Volumes whose names would fall together are told apart. Without
# the options there is nothing of all that.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

# The folders of pools, and one that is no pool.
for name in one two a a-b other none; do
    mkdir "$HOST_DIR/$name"
    chown --reference="$HOST_DIR" "$HOST_DIR/$name"
done
outside=$HOST_DIR/none/outside.raw
base=$HOST_DIR/two/base.qcow2
top=$HOST_DIR/one/top.qcow2
raw=$HOST_DIR/one/sparse.raw
short=$HOST_DIR/one/short.qcow2
over=$HOST_DIR/one/over.qcow2
device=$(host_make_loop 8M)
host_make_image "$outside" raw 6M
qemu-io -f raw -c 'write 0 1M' "$outside" >/dev/null
host_make_image "$base" qcow2 24M "$outside" raw
qemu-io -f qcow2 -c 'write 0 2M' "$base" >/dev/null
host_make_image "$top" qcow2 32M "$base" qcow2
qemu-io -f qcow2 -c 'write 8M 3M' "$top" >/dev/null
host_make_image "$raw" raw 16M
qemu-io -f raw -c 'write 4M 1M' "$raw" >/dev/null
host_make_image "$device" qcow2 40M
qemu-io -f qcow2 -c 'write 0 3M' "$device" >/dev/null
host_make_image "$over" qcow2 - "$device" qcow2
host_make_image "$short" qcow2 4M
# "a" with "b-c" and "a-b" with "c".
host_make_image "$HOST_DIR/a/b-c" raw 1M
host_make_image "$HOST_DIR/a-b/c" raw 2M
for name in one two a a-b other; do
    host_virsh pool-define-as "$name" dir --target "$HOST_DIR/$name" >/dev/null
    host_virsh pool-start "$name" >/dev/null
done

# expect_pool NAME
expect_pool() {
    local info word
    info=$(host_virsh pool-info --bytes "$1")
    for word in Capacity Allocation Available; do
        expect_value "pool $1: $word" "$(sed -n "s/^$word: *//p" <<<"$info")" \
            "hypervisor/virt_backing-pool-$1/bytes-${word,,}"
    done
}

# expect_volume POOL-VOLUME LAYER FORMAT FILE
expect_volume() {
    expect_layer "volume $1, $2" "hypervisor/virt_backing-vol-$1" "$2" \
        "$(truth_virtual_size "$3" "$4")" "$(truth_du "$4")" "$(truth_length "$4")"
}

expect_volumes() {
    expect_volume one-top.qcow2 layer0 qcow2 "$top"
    expect_volume one-top.qcow2 layer1 qcow2 "$base"
    expect_volume one-top.qcow2 layer2 raw "$outside"
    expect_volume one-sparse.raw layer0 raw "$raw"
    expect_volume two-base.qcow2 layer0 qcow2 "$base"
    expect_volume two-base.qcow2 layer1 raw "$outside"
    expect_volume one-over.qcow2 layer0 qcow2 "$over"
    expect_layer "volume one-over.qcow2, layer1" hypervisor/virt_backing-vol-one-over.qcow2 layer1 \
        41943040 "$(truth_image_end "$device")" "$(truth_device_size "$device")"
}

# --- by default ---

host_start_collectd
host_wait_cycle
expect_no_series 'hypervisor/virt_backing-*'
expect_soon "calls" 1 host_value hypervisor/virt_backing/count-calls
host_stop_collectd

# --- pools alone ---

host_start_collectd 'StoragePool "one"' 'StoragePool "/^t/"'
host_wait_cycle
expect_pool one
expect_pool two
expect_no_series 'hypervisor/virt_backing-pool-[!ot]*'
expect_no_series 'hypervisor/virt_backing-pool-other/*'
expect_no_series 'hypervisor/virt_backing-vol-*'
host_stop_collectd
rm -r "$HOST_DIR/csv"

# --- with their volumes ---

host_start_collectd 'StoragePool "/./"' 'Volumes true' 'InactiveInterval 1'
host_wait_cycle
expect_pool one
expect_pool two
expect_pool other
expect_volumes
expect_volume one-short.qcow2 layer0 qcow2 "$short"
expect_no_series '*/disk_headroom-*'
expect_no_series '*/percent-*'

# Which of the two has the plain name, and which the marked one, does not matter.
expect_equal "capacities of the volumes whose names fall together" "1048576 2097152" \
    "$(host_series 'hypervisor/virt_backing-vol-a-b-c*/disk_capacity-layer0' | while IFS= read -r series; do
        host_value "$series"
    done | sort -n | paste -s -d ' ')"

# --- what changes ---

# Print how often the pools were read: calls in a cycle are more then.
readings() {
    series_values hypervisor/virt_backing/count-calls | awk '$1 > 1' | wc -l
}
readings_reached() {
    [ "$(readings)" -ge "$1" ]
}

# By hand, behind libvirt's back: nothing of it until somebody refreshes the pool.
host_make_image "$HOST_DIR/one/by-hand.raw" raw 3M
before=$(host_virsh pool-info --bytes one)
wait_until 40 readings_reached $(($(readings) + 2))
host_wait_cycle
expect_no_series 'hypervisor/virt_backing-vol-one-by-hand*'
expect_equal "the pool is as it was" "$before" "$(host_virsh pool-info --bytes one)"
host_virsh pool-refresh one
refresh_seen() {
    host_value hypervisor/virt_backing-vol-one-by-hand.raw/disk_capacity-layer0 >/dev/null
}
wait_until 40 refresh_seen

# Volumes that are known for long are written to and resized.
qemu-img resize -q -f qcow2 "$top" 48M
qemu-io -f qcow2 -c 'write 40M 4M' "$top" >/dev/null
qemu-io -f qcow2 -c 'write 16M 3M' "$base" >/dev/null
qemu-io -f raw -c 'write 8M 5M' "$raw" >/dev/null
truncate -s 20M "$raw"
for name in one two; do
    host_virsh pool-refresh "$name"
done
wait_until 40 readings_reached $(($(readings) + 2))
host_wait_cycle
expect_volumes

# A volume that vanished, in libvirt or behind its back, and a pool that stopped.
host_virsh vol-delete by-hand.raw --pool one
rm "$short"
host_virsh pool-destroy other
wait_until 40 readings_reached $(($(readings) + 2))
host_wait_cycle
for type in capacity allocation physical; do
    expect_series_absent hypervisor/virt_backing-vol-one-by-hand.raw/disk_$type-layer0
    expect_series_absent hypervisor/virt_backing-vol-one-short.qcow2/disk_$type-layer0
done
for type in capacity allocation available; do
    expect_series_absent hypervisor/virt_backing-pool-other/bytes-$type
done
expect_pool one
expect_volumes
expect_quiet_log
host_stop_collectd
expect_steady "a pool, in each cycle" hypervisor/virt_backing-pool-one/bytes-available
expect_steady "a volume, in each cycle" hypervisor/virt_backing-vol-one-top.qcow2/disk_allocation-layer2
