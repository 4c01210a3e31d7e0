#!/bin/bash
# A vhost-user disk has one layer and no sizes, for its storage is nothing that
# libvirt knows of, and is not worth a line in the log.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_program qemu-storage-daemon
export HOST_INTERVAL=0.3
test_start_host

image=$HOST_DIR/served.raw
socket=$HOST_DIR/vhost-user.sock
host_make_image "$image" raw 8M
host_detached "${HOST_AS[@]}" qemu-storage-daemon --pidfile "$HOST_DIR/pid" \
    --blockdev "driver=file,filename=$image,node-name=served" \
    --export "type=vhost-user-blk,id=export,node-name=served,addr.type=unix,addr.path=$socket" \
    </dev/null >"$HOST_DIR/vhost-user.err" 2>&1 &
host_on_cleanup host_end_pid $!
# The socket is there before anybody listens.
wait_until 40 test -s "$HOST_DIR/pid"

export HOST_VM_ELEMENTS="<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
export HOST_VM_DEVICES="
    <disk type='vhostuser' device='disk'>
      <driver name='qemu' type='raw'/><source type='unix' path='$socket'/>
      <target dev='vda' bus='virtio'/>
    </disk>"
host_define_vm vm1
host_start_vm vm1
host_start_collectd
host_wait_cycle
expect_value "layers" 1 vm1/virt_backing-vda/count-layers
expect_no_series 'vm1/*/disk_*'
expect_quiet_log
