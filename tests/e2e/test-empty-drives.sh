#!/bin/bash
# Drives without a medium have no layer, a folder shown as a disk and a
# vhost-user disk have one without sizes. With a medium a drive is like any
# disk. None of them is worth a line in the log.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

medium=$HOST_DIR/medium.iso
host_make_image "$medium" raw 3M
mkdir "$HOST_DIR/folder"

export HOST_VM_DEVICES="
    <disk type='dir' device='disk'>
      <driver name='qemu' type='fat'/><source dir='$HOST_DIR/folder'/>
      <target dev='vda' bus='virtio'/><readonly/>
    </disk>"
host_start_vm vm1 "hdc:raw:cdrom:" "fda:raw:floppy:"
host_start_collectd
host_wait_cycle
expect_value "layers of an empty cdrom" 0 vm1/virt_backing-hdc/count-layers
expect_value "layers of an empty floppy" 0 vm1/virt_backing-fda/count-layers
expect_value "layers of a folder" 1 vm1/virt_backing-vda/count-layers
expect_value "layers in all" 1 hypervisor/virt_backing/count-layers
expect_no_series 'vm1/*/disk_*'

host_virsh change-media vm1 hdc "$medium" --insert --live >/dev/null
host_wait_cycle
expect_layer "medium in" vm1/virt_backing-hdc layer0 \
    "$(truth_length "$medium")" "$(truth_du "$medium")" "$(truth_length "$medium")"
expect_value "medium in: layers" 1 vm1/virt_backing-hdc/count-layers

host_virsh change-media vm1 hdc --eject --live >/dev/null
host_wait_cycle
for type in capacity allocation physical; do
    expect_series_absent "vm1/virt_backing-hdc/disk_$type-layer0"
done
expect_value "medium out: layers" 0 vm1/virt_backing-hdc/count-layers
expect_no_series 'vm1/virt_backing-[!h]*/disk_*'
expect_quiet_log
