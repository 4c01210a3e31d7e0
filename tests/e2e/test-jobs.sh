#!/bin/bash
# Block jobs: their progress as series; a commit into a base that is too small is told
# of before it fails, when it fails and why, and when it is done after the base has
# grown. The same for a copy to a device that is too small. A job that is cancelled,
# one that is complete, a pull.

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

base=$(host_make_loop 4M)
small=$(host_make_loop 4M)
middle=$HOST_DIR/middle.qcow2
commit=vm1/virt_backing-vda/block_job-commit
copy=vm1/virt_backing-vdb/block_job-copy
host_make_image "$base" qcow2 48M
host_make_image "$middle" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 0 8M' "$middle" >/dev/null
host_make_image "$HOST_DIR/top.qcow2" qcow2 - "$middle" qcow2
# What the active layer holds is no matter of a commit below it.
qemu-io -f qcow2 -c 'write 20M 16M' "$HOST_DIR/top.qcow2" >/dev/null
committed=$(truth_du "$middle")
host_make_image "$HOST_DIR/vdb.qcow2" qcow2 32M
qemu-io -f qcow2 -c 'write 0 8M' "$HOST_DIR/vdb.qcow2" >/dev/null
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/top.qcow2" "vdb:qcow2:file:$HOST_DIR/vdb.qcow2"
host_start_collectd 'WatermarkFree "1M"' 'RefreshInterval 1'
host_wait_cycle
expect_no_series '*block_job*'

# Jobs run at this speed, in bytes a second, until all that is to be seen of them was.
slow=262144

start_commit() {
    host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bytes --bandwidth $slow >/dev/null
}

# hurry DISK
hurry() {
    host_virsh blockjob vm1 "$1" --bandwidth 8
}

layer2="vda layer2 \\(vda\\[$(layer_index vm1 "$base")\\], $base\\)"
start_commit
expect_said "it may not fit" $commit "WARNING vm1: the commit of vda may not fit: up to [0-9.]+ MiB to write, [0-9.]+ [KM]iB left for $layer2"
expect_said "the base is nearly full" vm1/virt_backing-vda/disk_headroom-layer2 \
    "WARNING vm1: $layer2 is over its watermark by .*"
hurry vda
expect_said "it has failed" $commit "FAILURE vm1: the commit of vda has failed: no space left. 0 bytes left for $layer2"
expect_equal "more to write than there is to commit" "" \
    "$(series_values vm1/virt_backing-vda/block_job_left-commit | awk -v most="$committed" '$1 > most')"
expect_success "its progress was reported" [ "$(series_values $commit | wc -l)" -ge 1 ]

host_grow_loop "$base" 64M
expect_said "the base has room" vm1/virt_backing-vda/disk_headroom-layer2 "OKAY vm1: $layer2 has room again: .*"
start_commit
expect_said "it was tried again" $commit "OKAY vm1: the commit of vda runs again"
progress_grew() {
    [ "$(series_values $commit | sort -u | wc -l)" -ge 3 ]
}
expect_success "its progress grew" host_poll 40 progress_grew
hurry vda
wait_until 40 job_ended vm1 vda
expect_said "it is complete" $commit "OKAY vm1: the commit of vda is complete"
expect_equal "beyond 0 to 100" "" "$(series_values $commit | awk '$1 < 0 || $1 > 100')"
host_wait_cycle
expect_series_absent $commit
expect_series_absent vm1/virt_backing-vda/block_job_left-commit

host_virsh blockcopy vm1 vdb "$small" --blockdev --format qcow2 --bytes --bandwidth $slow --buf-size 65536 --transient-job >/dev/null
expect_said "the copy may not fit" $copy "WARNING vm1: the copy of vdb may not fit: up to [0-9.]+ MiB to write, [0-9.]+ [KM]iB left for vdb mirror \\(vdb\\[[0-9]+\\], $small\\)"
expect_said "its destination is nearly full" vm1/virt_backing-vdb/disk_headroom-mirror \
    "WARNING vm1: vdb mirror \\(vdb\\[[0-9]+\\], $small\\) is over its watermark by .*"
hurry vdb
expect_said "the copy has failed" $copy "FAILURE vm1: the copy of vdb has failed, and may not have fit: up to [0-9.]+ MiB to write, ([0-9.]+ [KM]iB|0 bytes) left for vdb mirror \\(vdb\\[[0-9]+\\], $small\\)"
expect_said "its destination is in use no more" vm1/virt_backing-vdb/disk_headroom-mirror "OKAY vm1: .*"

host_virsh blockcopy vm1 vdb "$HOST_DIR/copy.qcow2" --format qcow2 --bytes --bandwidth 1048576 --buf-size 65536 --transient-job >/dev/null
host_wait_fresh $copy
host_virsh blockjob vm1 vdb --abort
expect_said "the copy was cancelled" $copy "OKAY vm1: the copy of vdb was cancelled"

# A QEMU before 10.2 dies when it is asked for its block nodes in the moment in which a pull
# ends (README, "Troubleshooting"). Here nobody asks then: the next cycle is far away.
host_stop_collectd
expect_equal "how collectd ended" 0 "$HOST_COLLECTD_STATUS"
expect_log 0 '\[(error|warning)\] virt_backing'
host_virsh blockpull vm1 vda --bytes --bandwidth 131072 >/dev/null
HOST_INTERVAL=8 host_start_collectd 'RefreshInterval 1'
host_wait_fresh vm1/virt_backing-vda/block_job-pull 40
host_virsh blockjob vm1 vda --bandwidth 1000
wait_until 40 job_ended vm1 vda
expect_said "the pull is complete" vm1/virt_backing-vda/block_job-pull "OKAY vm1: the pull of vda is complete"
expect_log 0 '\[(error|warning)\] virt_backing'

# What is compressed takes more when it is copied.
wide=$(host_make_loop 16M)
qemu-img create -q -f qcow2 "$HOST_DIR/plain" 32M
qemu-io -f qcow2 -c 'write -P 0xcd 0 30M' "$HOST_DIR/plain" >/dev/null
"${HOST_AS[@]}" qemu-img convert -c -f qcow2 -O qcow2 "$HOST_DIR/plain" "$HOST_DIR/compressed.qcow2"
host_start_vm vm2 "vda:qcow2:file:$HOST_DIR/compressed.qcow2"
host_stop_collectd
host_start_collectd 'RefreshInterval 1'
host_wait_cycle
# In pieces of 64 KiB, so that many cycles see it.
host_virsh blockcopy vm2 vda "$wide" --blockdev --format qcow2 --bytes --bandwidth 1048576 --buf-size 65536 \
    --transient-job >/dev/null
copy=vm2/virt_backing-vda/block_job-copy
expect_said "a copy of what is compressed may not fit" $copy \
    "WARNING vm2: the copy of vda may not fit: up to [0-9.]+ MiB to write, [0-9.]+ MiB left for vda mirror .*"
expect_said "it has failed" $copy "FAILURE vm2: the copy of vda has failed.*"
