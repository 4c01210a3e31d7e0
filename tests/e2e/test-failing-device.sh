#!/bin/bash
# A device whose reads fail, below a disk or written to: the end of its image is not
# known, the log has one line, and nothing else is disturbed: neither the size of the
# device nor any other disk. When the device can be read again its figures come back,
# and the headroom of what is written to.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

failing=$(host_make_loop 8M)
active=$(host_make_loop 8M)
sound=$(host_make_loop 8M)
top=$HOST_DIR/top.qcow2
other=$HOST_DIR/other.qcow2
for device in "$failing" "$active" "$sound"; do
    host_make_image "$device" qcow2 32M
    qemu-io -f qcow2 -c 'write 0 2M' "$device" >/dev/null
done
host_make_image "$top" qcow2 - "$failing" qcow2
host_make_image "$other" qcow2 - "$sound" qcow2
kept_end=$(truth_image_end "$failing")
active_end=$(truth_image_end "$active")

break_device() {
    cp --sparse=always "$(host_loop_file "$1")" "$HOST_DIR/kept-${1##*/}"
    host_break_loop "$1"
    expect_success "reads of $1 fail" not dd if="$1" of=/dev/null bs=64k count=1 status=none iflag=direct
}

mend_device() {
    cat "$HOST_DIR/kept-${1##*/}" >"$(host_loop_file "$1")"
    blockdev --flushbufs "$1"
}

host_start_vm vm1 "vda:qcow2:file:$top" "vdb:qcow2:file:$other" "vdc:qcow2:block:$active"
break_device "$failing"
break_device "$active"

# expect_rest WHAT: all that has nothing to do with the failing device
expect_rest() {
    expect_layer "$1, top" vm1/virt_backing-vda layer0 33554432 "$(truth_du "$top")" "$(truth_length "$top")"
    expect_layer "$1, other top" vm1/virt_backing-vdb layer0 33554432 "$(truth_du "$other")" "$(truth_length "$other")"
    expect_layer "$1, sound device" vm1/virt_backing-vdb layer1 33554432 \
        "$(truth_image_end "$sound")" "$(truth_device_size "$sound")"
    expect_value "$1, layers" 2 vm1/virt_backing-vda/count-layers
    expect_success "$1, headroom" host_value vm1/virt_backing-vda/disk_headroom-layer0
}

host_start_collectd 'InactiveInterval 1'
trouble='\[warning\] virt_backing: the metadata of image'
trouble_told() {
    log_has "$trouble $failing are not known: " && log_has "$trouble $active are not known: "
}
wait_until 40 trouble_told
host_wait_cycle
expect_layer "reads fail" vm1/virt_backing-vda layer1 33554432 - "$(truth_device_size "$failing")"
expect_layer "reads of the active layer fail" vm1/virt_backing-vdc layer0 33554432 - "$(truth_device_size "$active")"
expect_rest "reads fail"

# Several InactiveIntervals later, which the figures of a cycle do not show.
attempts_over() {
    [ $(($(host_now) - told)) -gt 3000 ]
}
told=$(host_now)
wait_until 40 attempts_over
host_wait_cycle
expect_log 1 "$trouble $failing are not known: "
expect_log 1 "$trouble $active are not known: "
expect_log 2 '\[(error|warning)\] virt_backing: '
expect_rest "later"
expect_no_series vm1/virt_backing-vda/disk_allocation-layer1
expect_no_series vm1/virt_backing-vdc/disk_allocation-layer0
expect_no_series vm1/virt_backing-vdc/disk_headroom-layer0

mend_device "$failing"
mend_device "$active"
figures_back() {
    [ "$(host_value vm1/virt_backing-vda/disk_allocation-layer1)" = "$kept_end" ] &&
        [ "$(host_value vm1/virt_backing-vdc/disk_allocation-layer0)" = "$active_end" ]
}
wait_until 40 figures_back
host_wait_cycle
expect_value "read again, headroom" $(($(truth_device_size "$active") - active_end)) \
    vm1/virt_backing-vdc/disk_headroom-layer0
expect_rest "read again"
expect_log 2 '\[(error|warning)\] virt_backing: '
expect_quiet_stderr
host_stop_collectd
expect_steady "the sound device" vm1/virt_backing-vdb/disk_allocation-layer1
expect_steady "size of the failing device" vm1/virt_backing-vda/disk_physical-layer1
