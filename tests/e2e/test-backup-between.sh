#!/bin/bash
# A backup that begins and ends between two passes is told of all the same: which disk's
# failed, and why; and that a later one is complete. Each is told once.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=60
test_start_host

# begin_backup TARGET-OF-vda TARGET-OF-vdb
begin_backup() {
    cat >"$HOST_DIR/backup.xml" <<XML
<domainbackup mode='push'><disks>
  <disk name='vda' type='block'><target dev='$1'/><driver type='qcow2'/></disk>
  <disk name='vdb' type='block'><target dev='$2'/><driver type='qcow2'/></disk>
</disks></domainbackup>
XML
    host_virsh backup-begin vm1 "$HOST_DIR/backup.xml" >/dev/null
}

for disk in vda vdb; do
    host_make_image "$HOST_DIR/$disk" raw 16M
    qemu-io -f raw -c 'write 0 12M' "$HOST_DIR/$disk" >/dev/null
done
host_start_vm vm1 "vda:raw:file:$HOST_DIR/vda" "vdb:raw:file:$HOST_DIR/vdb"
host_start_collectd
host_poll 40 host_value hypervisor/virt_backing/count-domains >/dev/null
small=$(host_make_loop 4M)
wide=$(host_make_loop 32M)
another=$(host_make_loop 32M)

begin_backup "$wide" "$small"
expect_alarm "too small" FAILURE vm1/virt_backing-vdb/block_job-backup
expect_said "why" vm1/virt_backing-vdb/block_job-backup \
    "FAILURE vm1: the backup of vdb has failed: No space left on device.*"
begin_backup "$wide" "$another"
expect_alarm "now it fits" OKAY vm1/virt_backing-vdb/block_job-backup
expect_said "which" vm1/virt_backing-vdb/block_job-backup \
    "OKAY vm1: the backup of vdb is complete"
expect_equal "failures" 1 "$(log_count 'severity = FAILURE')"
expect_equal "cycles meanwhile: the first, and for what has changed" "" \
    "$(series_values hypervisor/virt_backing/count-domains | sed 1,4d)"
expect_no_series '*/block_job-backup'
