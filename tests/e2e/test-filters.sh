#!/bin/bash
# Domain, BlockDevice and IgnoreSelected, with names and /regular expressions/,
# choose what is reported. A domain that Domain leaves out is never asked for its
# block statistics: a QEMU that hangs then holds up nobody else.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.2

requires_plugin
test_start_host

host_make_image "$HOST_DIR/a.raw" raw 2M
host_make_image "$HOST_DIR/b.raw" raw 3M
for vm in alpha beta test-1; do
    host_make_image "$HOST_DIR/$vm-a.qcow2" qcow2 - "$HOST_DIR/a.raw" raw
    host_make_image "$HOST_DIR/$vm-b.qcow2" qcow2 - "$HOST_DIR/b.raw" raw
    host_start_vm "$vm" "vda:qcow2:file:$HOST_DIR/$vm-a.qcow2" "vdb:qcow2:file:$HOST_DIR/$vm-b.qcow2"
done

# Print the disks reported, as DOMAIN:TARGET.
reported_disks() {
    host_series '*/count-layers' | sed -n 's|/virt_backing-|:|; s|/count-layers$||p' |
        grep -v '^hypervisor' | tr '\n' ' '
}

# expect_disks CALLS DISKS OPTION-LINE...: what is reported with those options,
# and what a cycle costs
expect_disks() {
    local calls=$1 disks=$2
    shift 2
    host_stop_collectd
    rm -rf "$HOST_DIR/csv"
    host_start_collectd "$@"
    host_wait_cycle
    expect_equal "$*" "${disks:+$disks }" "$(reported_disks)"
    expect_value "calls a cycle" "$calls" hypervisor/virt_backing/count-calls
    expect_quiet_log
}

all='alpha:vda alpha:vdb beta:vda beta:vdb test-1:vda test-1:vdb'
expect_disks 1 "$all"

expect_disks 2 'beta:vda beta:vdb' 'Domain "beta"'
expect_disks 2 'alpha:vda alpha:vdb test-1:vda test-1:vdb' 'Domain "beta"' 'IgnoreSelected true'
expect_disks 2 'beta:vda beta:vdb test-1:vda test-1:vdb' 'Domain "/^test-[0-9]$/"' 'Domain "beta"'
expect_disks 2 'alpha:vda alpha:vdb' 'Domain "/^(test-|b)/"' 'IgnoreSelected true'
expect_disks 1 '' 'Domain "alph"'
expect_value "domains, none selected" 0 hypervisor/virt_backing/count-domains

expect_disks 1 'beta:vdb' 'BlockDevice "beta:vdb"'
expect_disks 1 'alpha:vdb beta:vda beta:vdb test-1:vdb' 'BlockDevice "/:vdb$/"' 'BlockDevice "beta:vda"'
expect_disks 1 'alpha:vdb test-1:vdb' 'BlockDevice "/:vda$/"' 'BlockDevice "beta:vdb"' 'IgnoreSelected true'
expect_disks 2 'alpha:vda' 'Domain "alpha"' 'BlockDevice "/:vda$/"'

# A stopped QEMU answers nobody; whoever asks it hangs.
host_stop_collectd
kill -STOP "$(host_qemu_pid test-1)"
expect_disks 2 'alpha:vda alpha:vdb beta:vda beta:vdb' 'Domain "test-1"' 'IgnoreSelected true'
host_wait_cycle
expect_value "machines that hold up others" 0 hypervisor/virt_backing/count-stalled
expect_quiet_log
