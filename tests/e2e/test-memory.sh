#!/bin/bash
# Memory, threads and open files of collectd do not grow from cycle to cycle nor
# with each restart of libvirtd; and valgrind finds no error, and nothing that the
# plugin lost, in a life with all that befalls it. (A plugin that was built with
# sanitizers is watched by them instead of valgrind.)

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
test_is_sanitized || requires_program valgrind
test_start_host

for vm in vm1 vm2; do
    host_make_image "$HOST_DIR/$vm.raw" raw 4M
    host_make_image "$HOST_DIR/$vm.qcow2" qcow2 - "$HOST_DIR/$vm.raw" raw
done
host_make_image "$HOST_DIR/plugged.raw" raw 3M
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/vm1.qcow2"
host_define_vm vm2 "vda:qcow2:file:$HOST_DIR/vm2.qcow2"

mark=hypervisor/virt_backing/count-calls

# --- growth ---

cycles_reached() {
    [ "$(cat "$HOST_DIR/csv/$mark"-[0-9]* | wc -l)" -gt "$1" ]
}

# Print resident memory (KiB), open files and threads of collectd. Its csv files
# and its log are open for a moment only.
footprint() {
    echo "$(sed -nE 's/^VmRSS:[[:space:]]*([0-9]+) kB/\1/p' "/proc/$HOST_COLLECTD_PID/status")" \
        "$(find "/proc/$HOST_COLLECTD_PID/fd" -type l ! -lname "$HOST_DIR/c*" 2>/dev/null | wc -l)" \
        "$(find "/proc/$HOST_COLLECTD_PID/task" -mindepth 1 -maxdepth 1 | wc -l)"
}

# expect_no_growth WHAT BEFORE AFTER: the same files and threads, and memory that
# differs by what an allocator keeps here or there. Sanitizers keep all of it.
expect_no_growth() {
    expect_equal "$1: open files and threads" "${2#* }" "${3#* }"
    test_is_sanitized ||
        expect_success "$1: memory from ${2%% *} to ${3%% *} KiB" [ "${3%% *}" -le $((${2%% *} + 200)) ]
}

has_connected() {
    [ "$(log_count ' virt_backing: connected to ')" -gt "$1" ]
}

# Restart libvirtd and wait until the plugin has taken notice.
restart_libvirtd() {
    local before
    before=$(log_count ' virt_backing: connected to ')
    host_restart_libvirtd
    wait_until 40 has_connected "$before"
    host_wait_cycle
}

export HOST_INTERVAL=0.05
host_start_collectd 'RefreshInterval 1'
wait_until 40 cycles_reached 10
restart_libvirtd
# What a first restart needs, libvirt keeps.
wait_until 40 cycles_reached 20
first=$(footprint)
wait_until 60 cycles_reached 200
expect_no_growth "180 cycles" "$first" "$(footprint)"
for _ in 1 2 3; do
    restart_libvirtd
done
expect_no_growth "restarts of libvirtd" "$first" "$(footprint)"
host_stop_collectd

# --- a life ---

export HOST_INTERVAL=0.5
report=$HOST_DIR/valgrind
if ! test_is_sanitized; then
    export HOST_COLLECTD_WRAPPER="valgrind --quiet --keep-debuginfo=yes --leak-check=full --show-leak-kinds=definite
        --errors-for-leak-kinds=definite --error-exitcode=99 --num-callers=40
        --suppressions=$TEST_TOP/tests/e2e/valgrind.supp --log-file=$report"
fi
rm -r "$HOST_DIR/csv"
host_start_collectd 'RefreshInterval 1' 'Domain "/^vm/"' 'BlockDevice "/./"' \
    'HostnameFormat "metadata name"' 'PluginInstanceFormat "uuid disk"'
host_wait_cycle 30

host_start_vm vm2
host_wait_cycle
host_virsh snapshot-create-as vm1 --disk-only --no-metadata \
    --diskspec "vda,file=$HOST_DIR/snapshot.qcow2" >/dev/null
host_wait_cycle
host_virsh blockcopy vm1 vda "$HOST_DIR/copy.qcow2" --transient-job --bandwidth 1 >/dev/null
host_wait_cycle
wait_until 40 host_virsh blockjob vm1 vda --pivot 2>/dev/null
host_plug_disk vm2 "sda:raw:file:$HOST_DIR/plugged.raw"
host_wait_cycle
host_unplug_disk vm2 sda
host_stop_libvirtd
host_wait_fresh "$mark"
host_start_libvirtd
host_wait_cycle 20
host_destroy_vm vm2
host_wait_cycle
expect_value "domains at the end" 1 hypervisor/virt_backing/count-domains
host_stop_collectd

expect_equal "collectd's exit status" 0 "$HOST_COLLECTD_STATUS"
if [ -s "$report" ]; then
    fail "valgrind found:"$'\n'"$(cat "$report")"
fi
