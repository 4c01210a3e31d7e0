#!/bin/bash
# A backup in push mode: its target is reported as scratch while it runs, and
# grows to what du says of it; the chain and its length stay as they are.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

requires_plugin
requires_program qemu-nbd
export HOST_INTERVAL=0.3
test_start_host

image=$HOST_DIR/disk.raw
target=$HOST_DIR/target.qcow2
disk=vm1/virt_backing-vda

# The disk reads 1 MiB a second: no backup can be told to take its time.
host_make_image "$image" raw 128M
qemu-io -f raw -c 'write 0 100M' "$image" >/dev/null
socket=$(host_start_nbd "$image" raw 1048576)
cat >"$HOST_DIR/backup.xml" <<XML
<domainbackup mode='push'>
  <disks><disk name='vda' type='file'><target file='$target'/><driver type='qcow2'/></disk></disks>
</domainbackup>
XML

host_start_vm vm1 "vda:raw:nbd:$socket"
host_start_collectd
host_wait_cycle
host_virsh backup-begin vm1 "$HOST_DIR/backup.xml" >/dev/null
host_wait_cycle
for round in 1 2 3 4; do
    used=$(truth_du "$target")
    length=$(truth_length "$target")
    host_wait_cycle
    expect_between "$round, du of the target" "$used" \
        "$disk/disk_allocation-scratch" truth_du "$target"
    expect_between "$round, length of the target" "$length" \
        "$disk/disk_physical-scratch" truth_length "$target"
    expect_value "$round, capacity" "$(truth_length "$image")" "$disk/disk_capacity-scratch"
    expect_value "$round, layers; a target is none" 1 "$disk/count-layers"
done
# It is written to in large pieces.
wait_until 40 has_grown 3 "$disk/disk_allocation-scratch"
expect_success "the backup still runs" not backup_ended vm1
expect_equal "its progress, beyond 0 to 100 or backwards" "" \
    "$(series_values "$disk/block_job-backup" | awk '$1 < 0 || $1 > 100 || $1 < last { print } { last = $1 }')"
expect_success "its progress grew" [ "$(series_values "$disk/block_job-backup" | sort -u | wc -l)" -ge 3 ]

host_virsh domjobabort vm1
wait_until 40 backup_ended vm1
host_wait_cycle
for type in capacity allocation physical; do
    expect_series_absent "$disk/disk_$type-scratch"
done
expect_series_absent "$disk/block_job-backup"
expect_said "it was cancelled" "$disk/block_job-backup" "OKAY vm1: the backup of vda was cancelled"
expect_value "after the backup, layers" 1 "$disk/count-layers"
expect_no_series '*-mirror'
expect_quiet_log
