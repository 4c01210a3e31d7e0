#!/bin/bash
# The rules of integrations/thresholds.conf with collectd's threshold plugin: WARNING,
# FAILURE and OKAY for the active layer, the target of a commit and the destination of
# a copy, without naming a VM; limits of a disk's own; nothing when series end, with
# a pivot or with their VM, and the alarm anew when the VM is back.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

active=vm1/virt_backing-vda/disk_headroom-layer0
target=vm1/virt_backing-vdb/disk_headroom-layer1
mirror=vm1/virt_backing-vdc/disk_headroom-mirror
sdb=vm1/virt_backing-sdb
stale=vm1/virt_backing/duration-stale

vda=$(host_make_loop 4M)
vdb=$(host_make_loop 4M)
vdc=$(host_make_loop 4M)
host_make_image "$vda" qcow2 32M
host_make_image "$vdb" qcow2 32M
for disk in vdb vdc sda; do
    [ $disk = vdb ] || host_make_image "$HOST_DIR/$disk.base" qcow2 32M
done
host_make_image "$HOST_DIR/vdb.top" qcow2 - "$vdb" qcow2
host_make_image "$HOST_DIR/vdc.top" qcow2 - "$HOST_DIR/vdc.base" qcow2
host_make_image "$HOST_DIR/sda.top" qcow2 - "$HOST_DIR/sda.base" qcow2
host_make_image "$HOST_DIR/sdb.small" qcow2 1M
for disk in vdb vdc; do
    qemu-io -f qcow2 -c 'write 0 2M' "$HOST_DIR/$disk.top" >/dev/null
done
host_start_vm vm1 "vda:qcow2:block:$vda" "vdb:qcow2:file:$HOST_DIR/vdb.top" \
    "vdc:qcow2:file:$HOST_DIR/vdc.top" "sda:qcow2:file:$HOST_DIR/sda.top" \
    "sdb:qcow2:file:$HOST_DIR/sdb.small"

# A series that is late on a slow machine must not count as gone. And one whose end is
# told: with it collectd has noticed that all of the VM's have ended.
alarm_rules >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA='Timeout 30
Include "'$HOST_DIR'/thresholds.conf"
<Plugin threshold>
  <Host "vm1">
    <Plugin "virt_backing">
      Instance "vdc"
      <Type "count">
        WarningMax 1000
        Interesting true
      </Type>
    </Plugin>
  </Host>
</Plugin>' host_start_collectd

ended='vm1/virt_backing-vdc/count-layers has not been updated'

# ended_since COUNT
ended_since() {
    [ "$(log_count "$ended")" -gt "$1" ]
}

expect_alarm "with room" OKAY $active
host_write vm1 vda 0 2M
expect_alarm "little room" WARNING $active
host_write vm1 vda 2M 1M
expect_alarm "hardly any room" FAILURE $active
host_grow_loop "$vda" 8M
expect_alarm "device grown" OKAY $active 2

expect_alarm "a chain of two, more than allowed" WARNING vm1/virt_backing-sda/count-layers
expect_alarm "a small disk with limits of its own" OKAY $sdb/disk_headroom-layer0
expect_alarm "a machine that answers" OKAY $stale
expect_alarm "the example for percent" WARNING vm1/virt_backing-vda/percent-layer0
expect_alarm "the example for percent, device grown" OKAY vm1/virt_backing-vda/percent-layer0 2
expect_equal "OKAY of a commit's target without a commit" 0 "$(alarm_count OKAY $target)"

host_virsh blockcommit vm1 vdb --active >/dev/null
host_virsh blockcopy vm1 vdc "$vdc" --blockdev --format qcow2 --transient-job >/dev/null
wait_until 40 job_ready vm1 2
expect_alarm "the commit's target" WARNING $target
expect_alarm "the copy's destination" WARNING $mirror
host_write vm1 vdb 8M 1M
host_write vm1 vdc 8M 1M
expect_alarm "the commit's target" FAILURE $target
expect_alarm "the copy's destination" FAILURE $mirror
okays=$(alarm_count OKAY $target)
host_grow_loop "$vdb" 8M
expect_alarm "the commit's target, device grown" OKAY $target $((okays + 1))
copied=$(alarm_count OKAY $mirror)
for disk in vdb vdc; do
    host_virsh blockjob vm1 $disk --pivot
done

# layer0 of vdc is now what was its mirror, and its mirror, which alarmed, is gone.
expect_alarm "after the pivot, layer0" FAILURE vm1/virt_backing-vdc/disk_headroom-layer0

stuck_stop vm1
expect_alarm "a machine that hangs" WARNING $stale
expect_alarm "a machine that hangs" FAILURE $stale
stuck_continue vm1
expect_alarm "a machine that answers again" OKAY $stale 2

# Shut down while it alarms.
host_write vm1 vda 8M 4M
expect_alarm "full again" FAILURE $active 2
okays=$(alarm_count OKAY $active)
gone=$(log_count "$ended")
host_destroy_vm vm1
wait_until 60 ended_since "$gone"
expect_equal "ends that were told, but for the one that is to be" 0 \
    "$(($(log_count 'has not been updated') - $(log_count "$ended")))"
expect_equal "OKAY of the disk that was full" "$okays" "$(alarm_count OKAY $active)"
expect_equal "OKAY of the mirror that was full" "$copied" "$(alarm_count OKAY $mirror)"
host_start_vm vm1
expect_alarm "back, and still full" FAILURE $active 3

expect_equal "alarms by the plugin's own figures" 0 \
    "$(log_count 'Notification: severity = (WARNING|FAILURE), host = hypervisor')"
for severity in WARNING FAILURE; do
    expect_equal "$severity of the small disk" 0 "$(alarm_count $severity $sdb/disk_headroom-layer0)"
done
expect_log 0 'threshold values: '
