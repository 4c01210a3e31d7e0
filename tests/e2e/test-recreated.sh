#!/bin/bash
# A domain that is destroyed and made anew between two cycles, with its old name
# and another UUID, goes on under its old name, and nothing is said in the log.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=4

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

seen=$(host_now)
host_destroy_vm vm1
new=$(create_vm "$HOST_DIR/new.raw")
expect_success "another UUID" [ "$old" != "$new" ]
expect_success "made anew within one interval" [ "$(host_sample_time "$series")" -le "$seen" ]

host_wait_fresh hypervisor/virt_backing/count-domains
host_wait_fresh hypervisor/virt_backing/count-domains
expect_value "size of the new disk" "$(truth_length "$HOST_DIR/new.raw")" "$series"
expect_no_series 'vm1-*'
expect_quiet_log
