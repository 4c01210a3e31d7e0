#!/bin/bash
# A backup in pull mode: its scratch image is reported as scratch while it
# runs, and grows with what the guest overwrites; the chain and its length stay
# as they are.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

image=$HOST_DIR/disk.qcow2
scratch=$HOST_DIR/scratch.qcow2
disk=vm1/virt_backing-vda

host_make_image "$image" qcow2 32M
qemu-io -f qcow2 -c 'write 0 4M' "$image" >/dev/null
cat >"$HOST_DIR/backup.xml" <<XML
<domainbackup mode='pull'>
  <server transport='unix' socket='$HOST_DIR/backup.sock'/>
  <disks><disk name='vda' type='file'><scratch file='$scratch'/></disk></disks>
</domainbackup>
XML

# expect_file_layer WHAT LAYER FILE
expect_file_layer() {
    expect_layer "$1" "$disk" "$2" \
        "$(truth_virtual_size qcow2 "$3")" "$(truth_du "$3")" "$(truth_length "$3")"
}

host_start_vm vm1 "vda:qcow2:file:$image"
host_start_collectd
host_wait_cycle
expect_no_series '*-scratch'

host_virsh backup-begin vm1 "$HOST_DIR/backup.xml" >/dev/null
host_wait_cycle
expect_file_layer "fresh scratch" scratch "$scratch"

empty=$(truth_du "$scratch")
host_write vm1 vda 1M 2M
host_flush vm1 vda
host_wait_cycle
expect_success "what was overwritten is in the scratch image" \
    [ "$(truth_du "$scratch")" -ge $((empty + 2097152)) ]
expect_file_layer "2 MiB overwritten, scratch" scratch "$scratch"
expect_file_layer "2 MiB overwritten, disk" layer0 "$image"
expect_value "layers; a scratch image is none" 1 "$disk/count-layers"

host_virsh domjobabort vm1
wait_until 40 backup_ended vm1
host_wait_cycle
for type in capacity allocation physical; do
    expect_series_absent "$disk/disk_$type-scratch"
done
expect_file_layer "after the backup" layer0 "$image"
expect_no_series '*-mirror'
expect_quiet_log
