#!/bin/bash
# A disk that names a volume of a storage pool in a folder is reported like the
# file that the volume is.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

folder=$HOST_DIR/pool
mkdir "$folder"
chown --reference="$HOST_DIR" "$folder"
host_virsh pool-define-as images dir --target "$folder" >/dev/null
host_virsh pool-start images >/dev/null
host_virsh vol-create-as images disk.qcow2 32M --format qcow2 >/dev/null
host_virsh vol-create-as images disk.raw 24M --format raw --allocation 0 >/dev/null

export HOST_VM_DEVICES="
    <disk type='volume' device='disk'>
      <driver name='qemu' type='qcow2'/><source pool='images' volume='disk.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='raw'/><source pool='images' volume='disk.raw'/>
      <target dev='vdb' bus='virtio'/>
    </disk>"
host_define_vm vm1
host_start_vm vm1
host_start_collectd

# expect_volume WHAT DISK FORMAT FILE
expect_volume() {
    expect_layer "$1" "vm1/virt_backing-$2" layer0 \
        "$(truth_virtual_size "$3" "$4")" "$(truth_du "$4")" "$(truth_length "$4")"
    expect_value "$1: layers" 1 "vm1/virt_backing-$2/count-layers"
}

host_wait_cycle
expect_volume "qcow2, nothing written" vda qcow2 "$folder/disk.qcow2"
expect_volume "raw, nothing written" vdb raw "$folder/disk.raw"

host_write vm1 vda 10M 3M
host_write vm1 vdb 8M 1M
host_flush vm1 vda
host_flush vm1 vdb
host_wait_cycle
expect_volume "qcow2, 3 MiB written" vda qcow2 "$folder/disk.qcow2"
expect_volume "raw, 1 MiB written at 8 MiB" vdb raw "$folder/disk.raw"
expect_quiet_log
