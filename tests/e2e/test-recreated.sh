#!/bin/bash
# A domain that is destroyed and made anew between two cycles, with its old name
# and another UUID, goes on under its old name, and nothing is said in the log.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=1

requires_plugin
test_start_host

series=vm1/virt_backing-vda/disk_capacity-layer0
host_make_image "$HOST_DIR/old.raw" raw 2M
host_make_image "$HOST_DIR/new.raw" raw 3M

# create_vm IMAGE: start a machine that is forgotten when it ends
create_vm() {
    host_vm_xml vm1 "vda:raw:file:$1" >"$HOST_DIR/vm1.xml"
    host_virsh create "$HOST_DIR/vm1.xml" >/dev/null
    host_virsh domuuid vm1
}

old=$(create_vm "$HOST_DIR/old.raw")
# With events there would be a cycle more, at its start.
host_start_collectd "Notifications false"
host_wait_fresh "$series"
expect_value "size of the old disk" "$(truth_length "$HOST_DIR/old.raw")" "$series"

# Made anew between two cycles, however slow the machine is.
kill -STOP "$HOST_COLLECTD_PID"
host_destroy_vm vm1
new=$(create_vm "$HOST_DIR/new.raw")
kill -CONT "$HOST_COLLECTD_PID"
expect_success "another UUID" [ "$old" != "$new" ]

expect_soon "size of the new disk" "$(truth_length "$HOST_DIR/new.raw")" host_value "$series"
expect_no_series 'vm1-*'
expect_quiet_log
