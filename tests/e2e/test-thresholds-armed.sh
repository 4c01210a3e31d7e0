#!/bin/bash
# With a watermark libvirt's block threshold is set on each growing layer on a block
# device: backing images and a copy's destination, too. Set anew when the device has
# grown and when the machine is started again; not below what is written already, not
# where the image can't outgrow its device, and not where somebody else has set one;
# those that the plugin itself has set it knows again.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

top=$(host_make_loop 8M)
base=$(host_make_loop 8M)
full=$(host_make_loop 4M)
final=$(host_make_loop 16M)
raw=$(host_make_loop 4M)
mirror=$(host_make_loop 16M)
host_make_image "$base" qcow2 32M
host_make_image "$top" qcow2 - "$base" qcow2
host_make_image "$full" qcow2 32M
qemu-io -f qcow2 -c 'write 0 3M' "$full" >/dev/null
host_make_image "$final" qcow2 8M
host_start_vm vm1 "vda:qcow2:block:$top" "vdb:qcow2:block:$full" "vdc:qcow2:block:$final" \
    "vdd:raw:block:$raw"
host_start_collectd 'WatermarkFree "2M"'

expect_watermark "active layer" vm1 "$top" $((6 << 20))
expect_watermark "backing image" vm1 "$base" $((6 << 20))
host_wait_cycle
expect_equal "no others" 2 "$(thresholds_of vm1 | wc -l)"
expect_said "more is written than that" vm1/virt_backing-vdb/disk_headroom-layer0 \
    "WARNING vm1: vdb layer0 \\(.*, $full\\) is over its watermark by .*"
expect_equal "of a device at its final size nothing is told" "" \
    "$(alarm_messages vm1/virt_backing-vdc/disk_headroom-layer0)"

# Grown, and grown to the final size.
host_grow_loop "$top" 12M
host_grow_loop "$full" 64M
expect_watermark "grown" vm1 "$top" $((10 << 20))
expect_said "no alarm any more" vm1/virt_backing-vdb/disk_headroom-layer0 \
    "OKAY vm1: vdb layer0 \\(.*, $full\\) has room again: .* of 64.0 MiB left"

host_virsh blockcopy vm1 vda "$mirror" --blockdev --format qcow2 --transient-job >/dev/null
expect_watermark "destination of a copy" vm1 "$mirror" $((14 << 20))
wait_until 40 job_ready vm1
host_virsh blockjob vm1 vda --abort

wait_until 40 job_ended vm1 vda

# Another chain: a new active layer, on a device of its own.
host_virsh snapshot-create-as vm1 --disk-only --no-metadata --atomic \
    --diskspec "vda,snapshot=external,stype=block,file=$mirror" \
    --diskspec vdb,snapshot=no --diskspec vdc,snapshot=no --diskspec vdd,snapshot=no >/dev/null
expect_watermark "after a snapshot, the new layer" vm1 "$mirror" $((14 << 20))
expect_watermark "after a snapshot, the old one" vm1 "$top" $((10 << 20))

host_destroy_vm vm1
host_start_vm vm1
expect_watermark "started again" vm1 "$top" $((10 << 20))
host_restart_libvirtd
host_virsh domblkthreshold vm1 "vda[$(layer_index vm1 "$top")]" 0
expect_watermark "libvirtd started again, and it was lost" vm1 "$top" $((10 << 20))

# Somebody else's.
host_virsh domblkthreshold vm1 "vda[$(layer_index vm1 "$top")]" 5M
host_wait_cycle
host_wait_cycle
expect_threshold "somebody else's" vm1 "$top" $((5 << 20))
wait_until 40 log_has 'domain "vm1": the threshold of vda'
expect_log 1 '\[info\] virt_backing: domain "vm1": the threshold of vda\[[0-9]+\] is somebody else.s, and stays'
host_stop_collectd
HOST_COLLECTD_EXTRA='' host_start_collectd 'WatermarkFree "2M"' 'WatermarkReplace true'
expect_watermark "replaced" vm1 "$top" $((10 << 20))
host_stop_collectd

# Its own are known again, also with another watermark, and when the device has grown
# while it was away.
host_grow_loop "$top" 16M
host_start_collectd 'WatermarkFree "3M"'
expect_watermark "with another watermark" vm1 "$top" $((13 << 20))
host_stop_collectd

# Who may not write says so, and goes on.
host_virsh domblkthreshold vm1 "vda[$(layer_index vm1 "$top")]" 0
HOST_COLLECTD_USER=nobody host_start_collectd 'WatermarkFree "1M"'
host_wait_cycle
host_wait_cycle
if [ "$HOST_MODE" = system ]; then
    wait_until 40 log_has 'no thresholds are set'
    expect_log 1 '\[warning\] virt_backing: no thresholds are set: .* may not be written to: '
    expect_success "none is set" [ -z "$(thresholds_of vm1 | grep "^$(layer_index vm1 "$top")=")" ]
fi
expect_success "series all the same" host_value vm1/virt_backing-vda/disk_capacity-layer0
