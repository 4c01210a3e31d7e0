#!/bin/bash
# A Nagios with the objects of integrations/nagios: a disk runs full, and both its
# active check and its passive service, by collectd's notification, are CRITICAL, then
# OK when the device has grown. A series that ends while its passive service is
# CRITICAL leaves it OK by the freshness check; not so a collectd that has ended.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=nagios.sh
. "$(dirname "$0")/nagios.sh"

requires_plugin
requires_loop
requires_nagios
export HOST_INTERVAL=0.5
test_start_host

passive=virt_backing-vda/disk_headroom-layer0
active='headroom of vda'
device=$(host_make_loop 4M)
host_make_image "$device" qcow2 32M
host_start_vm vm1 "vda:qcow2:block:$device"

start_nagios 3600
alarm_rules >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA="Timeout 6
$(nagios_collectd_conf)" host_start_collectd
host_wait_cycle

expect_service "with room, by notification" vm1 "$passive" 0
expect_service "with room, asked" vm1 "$active" 0
expect_service "the plugin reports" hypervisor virt_backing/count-domains 0
expect_service "the machine answers" vm1 virt_backing/duration-stale 0
expect_service "no copy, nothing was told" vm1 virt_backing-vda/disk_headroom-mirror pending

host_write vm1 vda 0 2M
expect_service "little room, by notification" vm1 "$passive" 1
expect_service "little room, asked" vm1 "$active" 1
host_write vm1 vda 2M 1M
expect_service "hardly any room, by notification" vm1 "$passive" 2
expect_service "hardly any room, asked" vm1 "$active" 2
expect_success "the text of the notification" \
    test_match '.*disk_headroom .instance layer0.*below the failure threshold.*' "$(service_output vm1 "$passive")"
host_grow_loop "$device" 8M
expect_service "device grown, by notification" vm1 "$passive" 0
expect_service "device grown, asked" vm1 "$active" 0

# Its series end while it alarms. The active check sees it, the notifications do not.
host_write vm1 vda 8M 4M
expect_service "full again" vm1 "$passive" 2
expect_service "full again, asked" vm1 "$active" 2
host_destroy_vm vm1
expect_service "off, asked" vm1 "$active" 0
expect_equal "off, nobody has told: state" 2 "$(service_state vm1 "$passive")"

# Once more, with results that are stale after a second.
end_nagios "$NAGIOS_PID"
expect_equal "processes of Nagios after its end" "" "$(nagios_workers)"
start_nagios 1
host_start_vm vm1
expect_service "on again, and still full" vm1 "$passive" 2
host_destroy_vm vm1
expect_service "off: stale, so it is asked" vm1 "$passive" 0
expect_success "off: what it says" test_match '.*is not reported.*' "$(service_output vm1 "$passive")"
host_stop_collectd
expect_service "no collectd" vm1 "$passive" 3
expect_service "no collectd" vm1 "$active" 3
expect_service "no collectd" hypervisor virt_backing/count-domains 2
