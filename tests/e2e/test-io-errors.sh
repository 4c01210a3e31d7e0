#!/bin/bash
# I/O errors: a pause for another reason than space, and a guest that runs on because
# its disk reports errors to it; a machine that is found paused when collectd starts,
# and one that was paused, or resumed, while libvirtd was away. Each is told once.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

# grow_and_resume VM DEVICE
grow_and_resume() {
    host_grow_loop "$2" 64M
    host_virsh blockresize "$1" vda 32M
    host_virsh resume "$1" >/dev/null
}

eio=$(host_make_loop 4M)
report=$(host_make_loop 4M)
early=$(host_make_loop 4M)
away=$(host_make_loop 4M)
for device in "$eio" "$report" "$early" "$away"; do
    host_make_image "$device" qcow2 32M
done
host_make_filling_vm eio "$eio" stop
host_make_filling_vm report "$report" report
host_make_filling_vm early "$early"
host_make_filling_vm away "$away"

# series_of VM
series_of() {
    echo "$1/virt_backing-vda/count-errors"
}

# Its guest fills the disk before collectd is there.
host_virsh resume early >/dev/null
wait_until 40 prints "paused (I/O error)" host_virsh domstate early --reason
host_start_collectd
host_wait_cycle
expect_said "found paused" "$(series_of early)" "FAILURE early is paused: vda layer0 \\(vda\\[[0-9]+\\], $early\\): no space left. .*"
expect_value "errors" 1 "$(series_of early)"
grow_and_resume early "$early"
expect_said "resumed" "$(series_of early)" "OKAY early runs again after the error of vda layer0 .*"
host_wait_cycle
expect_series_absent "$(series_of early)"

# The guest is told, and runs on: many errors, of which one is told.
host_virsh resume report >/dev/null
expect_said "reported to the guest" "$(series_of report)" \
    "FAILURE report runs on, but its guest was told: vda layer0 \\(vda\\[[0-9]+\\], $report\\): no space left"
expect_equal "its guest" "running (unpaused)" "$(host_virsh domstate report --reason)"

# QEMU can't read the metadata that a write needs.
host_break_loop "$eio"
host_virsh resume eio >/dev/null
expect_said "another error" "$(series_of eio)" "FAILURE eio is paused: vda layer0 \\(vda\\[[0-9]+\\], $eio\\): I/O error"
host_wait_cycle
expect_value "errors" 1 "$(series_of eio)"
host_destroy_vm eio
expect_said "off" "$(series_of eio)" "OKAY eio does not run here any more"

# While libvirtd is away its events are lost.
host_virsh resume away >/dev/null
host_kill_libvirtd
qemu_settled() {
    [ "$(awk '{ print $3 }' "/proc/$(host_qemu_pid away)/stat")" != R ]
}
host_poll 40 qemu_settled || true
host_start_libvirtd
wait_until 40 prints "paused (I/O error)" host_virsh domstate away --reason
expect_said "paused while nobody could tell" "$(series_of away)" "FAILURE away is paused: .*: no space left. .*"
grow_and_resume away "$away"
expect_said "and resumed" "$(series_of away)" "OKAY away runs again .*"
