#!/bin/bash
# A VM that is started while the images that it had when it was off are being read:
# whenever the answer comes, the chain of the running VM is soon whole and stays so.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
requires_program strace
export HOST_INTERVAL=0.3
test_start_host

disk=vm1/virt_backing-vda
base=$(host_make_loop 16M)
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
host_make_image "$base" qcow2 32M
qemu-io -f qcow2 -c 'write 0 3M' "$base" >/dev/null
host_make_image "$middle" qcow2 - "$base" qcow2
host_make_image "$top" qcow2 - "$middle" qcow2
host_define_vm vm1 "vda:qcow2:file:$top"

# The active image is on storage so slow that reading it takes longer than starting
# the VM: eight reads.
trace=$HOST_DIR/trace
export HOST_COLLECTD_WRAPPER="strace -D -f -qq -P $top -e trace=openat,pread64 -e inject=pread64:delay_enter=250000 -e signal=none -o $trace"
host_start_collectd 'InactiveDomains true' 'InactiveInterval 1'

readings() {
    grep -cF "openat(AT_FDCWD, \"$top\"" "$trace" || true
}
reading_begun() {
    [ "$(readings)" -gt "$1" ]
}

# Every value has come in the last cycle.
is_whole() {
    local type layer
    for type in capacity allocation physical; do
        for layer in layer0 layer1 layer2; do
            host_series_after "$disk/disk_$type-$layer" "$HOST_CYCLE" || return
        done
    done
}
becomes_whole() {
    host_wait_cycle
    is_whole
}

expect_chain() {
    wait_until 40 becomes_whole
    for _ in 1 2 3; do
        host_wait_cycle
        expect_success "$1: every value" is_whole
        expect_value "$1: layers" 3 $disk/count-layers
        expect_layer "$1: top" $disk layer0 33554432 "$(truth_du "$top")" "$(truth_length "$top")"
        expect_layer "$1: middle" $disk layer1 33554432 "$(truth_du "$middle")" "$(truth_length "$middle")"
        expect_layer "$1: base" $disk layer2 33554432 "$(truth_image_end "$base")" "$(truth_device_size "$base")"
    done
}

# The last read of an image is that of a block of its reference counts.
is_being_read() {
    tail -n 1 "$trace" | grep -vE ', 65536, [0-9]+\) *= 65536' >/dev/null
}

expect_chain "powered off"
# On a slow machine a reading may be over before the machine has started.
in_time=0
for delay in 0 0.6 0 0.6 0 0.6; do
    [ "$in_time" -eq 0 ] || [ "$delay" != 0 ] || break
    wait_until 40 reading_begun "$(readings)"
    sleep $delay
    host_start_vm vm1
    ! is_being_read || in_time=$((in_time + 1))
    expect_chain "started $delay s after a reading began"
    host_destroy_vm vm1
    expect_chain "stopped"
done
expect_success "starts while the image was being read: $in_time" [ "$in_time" -ge 1 ]
expect_quiet_log
