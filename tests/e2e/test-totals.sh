#!/bin/bash
# bytes-capacity and bytes-allocation of the hypervisor: what guests were promised, and what
# all images take as stat and qemu-img say, an image that machines share counted once,
# whatever each of them calls it. What is not known is left out, and counted in count-unsized.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
requires_loop
requires_program qemu-nbd
export HOST_INTERVAL=0.3
test_start_host

# Both machines have: vda, a file on a base that vm2 knows by another name; vdb, a file on a
# base on a device; vdc, a raw disk on a server. vm2 has vdd, whose allocation nobody knows.
base=$HOST_DIR/base.qcow2
device=$(host_make_loop 16M)
raw=$HOST_DIR/raw.img
unknown=$HOST_DIR/unknown.qcow2
host_make_image "$base" qcow2 64M
qemu-io -f qcow2 -c 'write 0 5M' "$base" >/dev/null
ln -s "$base" "$HOST_DIR/link.qcow2"
host_make_image "$device" qcow2 32M
qemu-io -f qcow2 -c 'write 0 2M' "$device" >/dev/null
host_make_image "$raw" raw 8M
host_make_image "$unknown" qcow2 16M
host_make_image "$HOST_DIR/vm1-a" qcow2 64M "$base" qcow2
host_make_image "$HOST_DIR/vm2-a" qcow2 80M "$HOST_DIR/link.qcow2" qcow2
for vm in vm1 vm2; do
    host_make_image "$HOST_DIR/$vm-b" qcow2 - "$device" qcow2
done
server=$(host_start_nbd "$raw" raw)
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/vm1-a" "vdb:qcow2:file:$HOST_DIR/vm1-b" "vdc:raw:nbd:$server"
host_start_vm vm2 "vda:qcow2:file:$HOST_DIR/vm2-a" "vdb:qcow2:file:$HOST_DIR/vm2-b" "vdc:raw:nbd:$server" \
    "vdd:qcow2:nbd:$(host_start_nbd "$unknown" raw)"

# One that is off, on the same base.
host_make_image "$HOST_DIR/vm3-a" qcow2 96M "$base" qcow2
host_define_vm vm3 "vda:qcow2:file:$HOST_DIR/vm3-a"

# promised FILE...: what guests see of them
promised() {
    local file sum=0
    for file; do
        sum=$((sum + $(truth_virtual_size qcow2 "$file")))
    done
    echo "$sum"
}

# taken FILE...: their blocks
taken() {
    local file sum=0
    for file; do
        sum=$((sum + $(truth_du "$file")))
    done
    echo "$sum"
}

# expect_totals WHAT CAPACITY ALLOCATION UNSIZED
expect_totals() {
    # An image that is still being read is left out, too.
    wait_until 40 stuck_value $self/count-unsized "$4"
    host_wait_cycle
    expect_value "$1: promised" "$2" "$self/bytes-capacity"
    expect_value "$1: taken" "$3" "$self/bytes-allocation"
    expect_value "$1: left out" "$4" "$self/count-unsized"
}

# What both have in common takes that.
shared() {
    echo $(($(taken "$base") + $(truth_image_end "$device") + $(truth_length "$raw")))
}

tops=("$HOST_DIR"/vm[12]-[ab])
host_start_collectd
expect_totals "two machines on one base" $(($(promised "${tops[@]}") + $(truth_length "$raw"))) \
    $(($(taken "${tops[@]}") + $(shared))) 1

host_write vm1 vda 8M 3M
host_flush vm1 vda
expect_totals "one has written" $(($(promised "${tops[@]}") + $(truth_length "$raw"))) \
    $(($(taken "${tops[@]}") + $(shared))) 1

# The other hangs: what is its own is not known, what is shared the first one knows.
stuck_stop vm2
wait_until 40 stuck_value $self/count-unsized 3
expect_totals "one hangs" $(($(promised "$HOST_DIR"/vm1-[ab]) + $(truth_length "$raw"))) \
    $(($(taken "$HOST_DIR"/vm1-[ab]) + $(shared))) 3
stuck_continue vm2
wait_until 40 stuck_value $self/count-unsized 1
host_stop_collectd

host_start_collectd 'InactiveDomains true'
expect_totals "with the one that is off" \
    $(($(promised "${tops[@]}" "$HOST_DIR/vm3-a") + $(truth_length "$raw"))) \
    $(($(taken "${tops[@]}" "$HOST_DIR/vm3-a") + $(shared))) 1
host_stop_collectd
rm -r "$HOST_DIR/csv"

# Two machines share a raw device, which each calls by another name.
plain=$(host_make_loop 8M)
alias=/dev/shm/${HOST_DIR##*/}
ln -s "$plain" "$alias"
host_on_cleanup rm -f "$alias"
for name in "vm4 $plain" "vm5 $alias"; do
    HOST_VM_DEVICES="<disk type='block' device='disk'><driver name='qemu' type='raw'/>
      <source dev='${name#* }'/><shareable/><target dev='vda' bus='virtio'/></disk>" \
        host_define_vm "${name% *}"
    host_start_vm "${name% *}"
done
host_start_collectd
expect_totals "one device by two names" $(($(promised "${tops[@]}") + $(truth_length "$raw") + $(truth_device_size "$plain"))) \
    $(($(taken "${tops[@]}") + $(shared) + $(truth_device_size "$plain"))) 1
host_stop_collectd
rm -r "$HOST_DIR/csv"

host_destroy_vm vm4
host_destroy_vm vm5
host_start_collectd 'BlockDevice "vm2:vdd"'
host_wait_cycle
expect_value "nothing known: left out" 1 $self/count-unsized
expect_no_series "$self/bytes-*"
expect_quiet_log
