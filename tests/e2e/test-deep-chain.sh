#!/bin/bash
# Five disks with chains of 30 layers: every value of all 150 layers is right,
# and in the steady state a cycle costs one call to libvirt.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=1
test_start_host

depth=30
disks=(vda vdb vdc vdd vde)
# A virtual size of its own for every layer, so that no two can be exchanged.
first=$((8 * 1048576))

# Print the path of layer 0, 1, ... of a disk.
layer_path() {
    echo "$HOST_DIR/$1/$(printf %02d $((depth - 1 - $2))).qcow2"
}

# The backing names are relative: one chain serves for all disks.
mkdir "$HOST_DIR/vda"
chown --reference="$HOST_DIR" "$HOST_DIR/vda"
host_make_image "$HOST_DIR/vda/00.qcow2" qcow2 $first
for ((number = 1; number < depth; number++)); do
    host_make_image "$HOST_DIR/vda/$(printf %02d $number).qcow2" qcow2 $((first + 65536 * number)) \
        "$(printf %02d $((number - 1))).qcow2" qcow2
done
words=()
for disk in "${disks[@]}"; do
    [ "$disk" = vda ] || cp -pR "$HOST_DIR/vda" "$HOST_DIR/$disk"
    qemu-io -f qcow2 -c "write 0 ${#words[@]}M" "$(layer_path "$disk" 17)" >/dev/null
    words+=("$disk:qcow2:file:$(layer_path "$disk" 0)")
done

# Print what each cycle must say of a disk, by stat and the sizes above.
truth_deep_row() {
    local layer blocks length
    local -a files=()
    for ((layer = 0; layer < depth; layer++)); do
        files+=("$(layer_path "$1" $layer)")
    done
    {
        echo "count-layers=$depth"
        layer=0
        while read -r blocks length; do
            echo "disk_capacity-layer$layer=$((first + 65536 * (depth - 1 - layer)))"
            echo "disk_allocation-layer$layer=$((512 * blocks))"
            echo "disk_physical-layer$layer=$length"
            layer=$((layer + 1))
        done < <(stat -c '%b %s' "${files[@]}")
    } | LC_ALL=C sort | paste -s -d ' '
}

# The state becomes steady when the first cycle is over, which on a busy machine takes
# longer than an interval.
costs_one_call() {
    [ "$(series_values hypervisor/virt_backing/count-calls | tail -n 3 | xargs)" = "1 1 1" ]
}

host_start_vm vm1 "${words[@]}"
host_start_collectd
host_wait_cycle
expect_value "layers in all" $((depth * ${#disks[@]})) hypervisor/virt_backing/count-layers
wait_until 40 costs_one_call
expect_quiet_log
host_stop_collectd
for disk in "${disks[@]}"; do
    expect_rows "each cycle of $disk" "vm1/virt_backing-$disk" "$(truth_deep_row "$disk")"
done
