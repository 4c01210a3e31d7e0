#!/bin/bash
# What an admin sees in Nagios of a commit into a base that is too small, and of a copy to
# a device that is too small: WARNING before they fail, CRITICAL when they have, OK when
# there was room and another one was done; and each says which layer.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=nagios.sh
. "$(dirname "$0")/nagios.sh"

requires_plugin
requires_loop
requires_nagios
export HOST_INTERVAL=0.5
test_start_host

commit=virt_backing-vda/block_job-commit
copy=virt_backing-vda/block_job-copy
base=$(host_make_loop 4M)
small=$(host_make_loop 4M)
host_make_image "$base" qcow2 48M
host_make_image "$HOST_DIR/top.qcow2" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 0 8M' "$HOST_DIR/top.qcow2" >/dev/null
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/top.qcow2"

start_nagios 3600
alarm_rules >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA=$(nagios_collectd_conf) host_start_collectd
host_wait_cycle

# expect_output WHAT SERVICE REGEX
expect_output() {
    host_poll 40 output_fits "$2" "$3" || true
    expect_success "$1: $(service_output vm1 "$2")" output_fits "$2" "$3"
}

output_fits() {
    service_output vm1 "$1" | grep -qxE "$2"
}

# A commit of the active layer, slow enough to be seen.
start_commit() {
    host_virsh blockcommit vm1 vda --base "$base" --active --bytes --bandwidth "$1" >/dev/null
}

layer1="vda layer1 \\(vda\\[$(layer_index vm1 "$base")\\], $base\\)"
start_commit 524288
expect_service "the commit may not fit" vm1 $commit 1
expect_output "it names the base" $commit "vm1: the commit of vda may not fit: up to .* to write, .* left for $layer1"
expect_service "the base is full" vm1 virt_backing-vda/disk_headroom-layer1 2
expect_service "the commit has failed" vm1 $commit 2
expect_output "it names the base" $commit "vm1: the commit of vda has failed: no space left. 0 bytes left for $layer1"

host_grow_loop "$base" 64M
start_commit 4194304
expect_service "there is room" vm1 $commit 0
wait_until 40 job_ready vm1
host_virsh blockjob vm1 vda --pivot
expect_output "it is done" $commit "vm1: the commit of vda is complete"
expect_service "it is done" vm1 $commit 0

start_copy() {
    host_virsh blockcopy vm1 vda "$small" --blockdev --format qcow2 --bytes --bandwidth "$1" \
        --buf-size 65536 --transient-job >/dev/null
}

mirror="vda mirror \\(vda\\[[0-9]+\\], $small\\)"
start_copy 131072
expect_service "the copy may not fit" vm1 $copy 1
expect_output "it names the destination" $copy "vm1: the copy of vda may not fit: up to .* to write, .* left for $mirror"
expect_service "the destination is full" vm1 virt_backing-vda/disk_headroom-mirror 2
host_virsh blockjob vm1 vda --bandwidth 8
expect_service "the copy has failed" vm1 $copy 2
expect_output "it names the destination" $copy "vm1: the copy of vda has failed, and may not have fit: .* left for $mirror"

host_grow_loop "$small" 64M
start_copy 4194304
wait_until 40 job_ready vm1
host_virsh blockjob vm1 vda --pivot
expect_output "it is done" $copy "vm1: the copy of vda is complete"
expect_service "it is done" vm1 $copy 0
