#!/bin/bash
# The end of qcow2 images on block devices while a VM runs: right in the first
# cycle after a restart of the VM, when its QEMU has written nothing; after a
# rewrite at a low offset; for every backing layer; for the base of a commit, from
# before it to after the pivot; and for the destination of a copy into an image
# that was there before. libvirt says 0 or too little in each of these.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

disk=vm1/virt_backing-vda
base=$(host_make_loop 16M)
middle=$(host_make_loop 14M)
top=$(host_make_loop 12M)
copy=$(host_make_loop 18M)
host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 2M' "$base" >/dev/null
host_make_image "$middle" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 2M 5M' "$middle" >/dev/null
host_make_image "$top" qcow2 - "$middle" qcow2

# An image that is locked against qemu-img is looked at in a copy of the device.
device_image_end() {
    cat "$1" >"$HOST_DIR/device.copy"
    truth_image_end "$HOST_DIR/device.copy"
}

# expect_device WHAT LAYER DEVICE
expect_device() {
    expect_layer "$1" "$disk" "$2" "$(truth_virtual_size qcow2 "$3")" \
        "$(device_image_end "$3")" "$(truth_device_size "$3")"
}

# Print the "allocation" that libvirt says for layer number 0, 1, ...
libvirt_allocation() {
    host_virsh domstats vm1 --block --backing | sed -n "s/^ *block\.$1\.allocation=//p"
}

# expect_too_little WHAT NUMBER DEVICE: libvirt says less than there is
expect_too_little() {
    local said
    said=$(libvirt_allocation "$2")
    expect_success "$1: libvirt says $said" [ "$said" -lt "$(device_image_end "$3")" ]
}

# One run of the VM that writes, and a restart.
host_start_vm vm1 "vda:qcow2:block:$top"
host_write vm1 vda 10M 3M
host_destroy_vm vm1
host_start_collectd
host_wait_cycle
expect_no_series 'vm1/*'

host_start_vm vm1
host_wait_cycle
expect_equal "restarted: libvirt's allocation" 0 "$(libvirt_allocation 0)"
expect_device "restarted, top" layer0 "$top"
expect_device "restarted, middle" layer1 "$middle"
expect_device "restarted, base" layer2 "$base"
expect_equal "restarted: values of the top layer since" "$(device_image_end "$top")" \
    "$(series_values $disk/disk_allocation-layer0 | sort -u)"

host_write vm1 vda 10M 64k
host_flush vm1 vda
host_wait_cycle
expect_too_little "rewritten at a low offset" 0 "$top"
expect_device "rewritten at a low offset" layer0 "$top"

host_write vm1 vda 20M 2M
host_flush vm1 vda
host_wait_cycle
expect_device "2 MiB more" layer0 "$top"

# --- a commit of the middle into the base ---

expect_too_little "before the commit, base" 2 "$base"
before=$(device_image_end "$base")
host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bytes --bandwidth 262144 >/dev/null
wait_until 40 has_grown 3 $disk/disk_allocation-layer2
host_virsh blockjob vm1 vda --bandwidth 1000
wait_until 40 job_ended vm1 vda
host_wait_cycle
expect_device "after the commit, base" layer1 "$base"
expect_device "after the commit, top" layer0 "$top"
expect_growth "base, while the commit ran" 3 $disk/disk_allocation-layer2
expect_equal "base, lowest value until then" "$before" \
    "$(series_values $disk/disk_allocation-layer2 | sort -n | head -n 1)"

# --- an active commit with its pivot ---

host_virsh blockcommit vm1 vda --active >/dev/null
wait_until 40 job_ready vm1
host_wait_cycle
expect_device "active commit, ready, base" layer1 "$base"
host_virsh blockjob vm1 vda --pivot
host_wait_cycle
expect_device "after the pivot" layer0 "$base"
expect_value "after the pivot, layers" 1 $disk/count-layers

# --- a copy into an image that was fuller once ---

host_make_image "$copy" qcow2 48M
qemu-io -f qcow2 -c 'write 0 14M' -c 'discard 0 13M' "$copy" >/dev/null
before=$(device_image_end "$copy")
host_virsh blockcopy vm1 vda "$copy" --blockdev --format qcow2 --reuse-external --transient-job \
    --bandwidth 1 --buf-size 65536 >/dev/null
host_wait_cycle
expect_device "copy, it runs" mirror "$copy"
expect_success "copy: libvirt says $(libvirt_allocation 1)" [ "$(libvirt_allocation 1)" -lt "$before" ]
host_virsh blockjob vm1 vda --bandwidth 1000
wait_until 40 job_ready vm1
host_wait_cycle
# The copy gave back clusters at the end of the image: what was reported stays,
# as the manual says, until the chain changes.
expect_success "copy, ready: the image ends lower now" [ "$(device_image_end "$copy")" -le "$before" ]
expect_equal "copy: values of the destination" "$before" \
    "$(series_values $disk/disk_allocation-mirror | sort -u)"
host_virsh blockjob vm1 vda --pivot
host_wait_cycle
expect_device "copy, after the pivot" layer0 "$copy"

host_write vm1 vda 30M 2M
host_flush vm1 vda
host_wait_cycle
expect_device "copy, 2 MiB more" layer0 "$copy"
expect_quiet_log
