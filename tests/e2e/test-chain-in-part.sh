#!/bin/bash
# A VM that is off and whose XML gives its chain in part: below the last image that
# the XML names the images are followed, as libvirt does when the VM starts, unless
# the XML says that the chain ends there. Where images are not looked at, and no pool
# has them, it is not known how long such a chain is.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

base=$HOST_DIR/base.raw
lower=$HOST_DIR/lower.qcow2
middle=$HOST_DIR/middle.qcow2
host_make_image "$base" raw 8M
host_make_image "$lower" qcow2 16M "$base" raw
host_make_image "$middle" qcow2 24M "$lower" qcow2
for vm in part ended bare; do
    host_make_image "$HOST_DIR/$vm.qcow2" qcow2 32M "$middle" qcow2
done
for image in "$lower" "$middle" "$HOST_DIR"/{part,ended,bare}.qcow2; do
    qemu-io -f qcow2 -c 'write 0 1M' "$image" >/dev/null
done

# Define a VM, with XML below its active layer: define VM XML
define() {
    host_vm_xml "$1" "vda:qcow2:file:$HOST_DIR/$1.qcow2" |
        sed "s,<target dev='vda',$2&," >"$HOST_DIR/$1.xml"
    host_virsh define "$HOST_DIR/$1.xml" >/dev/null
}
named="<format type='qcow2'/><source file='$middle'/>"
define part "<backingStore type='file'>$named</backingStore>"
define ended "<backingStore type='file'>$named<backingStore/></backingStore>"
define bare ''

# expect_file VM LAYER FORMAT FILE
expect_file() {
    expect_success "$1, $2: in this cycle" \
        host_series_after "$1/virt_backing-vda/disk_allocation-$2" "$HOST_CYCLE"
    expect_layer "$1, $2" "$1/virt_backing-vda" "$2" \
        "$(truth_virtual_size "$3" "$4")" "$(truth_du "$4")" "$(truth_length "$4")"
}

expect_chains() {
    local vm
    for vm in part ended bare; do
        expect_file $vm layer0 qcow2 "$HOST_DIR/$vm.qcow2"
        expect_file $vm layer1 qcow2 "$middle"
    done
    for vm in part bare; do
        expect_value "$vm, $1: layers" 4 $vm/virt_backing-vda/count-layers
        expect_file $vm layer2 qcow2 "$lower"
        expect_file $vm layer3 raw "$base"
    done
    expect_value "ended, $1: layers" 2 ended/virt_backing-vda/count-layers
    expect_no_series 'ended/*-layer2'
}

# --- without a look at the images ---

host_start_collectd 'InactiveDomains true' 'InactiveInterval 1' 'LocalImages false'
for _ in 1 2 3 4; do
    host_wait_cycle
done
for vm in part ended bare; do
    expect_value "$vm, not looked at: capacity" 33554432 $vm/virt_backing-vda/disk_capacity-layer0
done
expect_no_series 'part/*/count-layers'
expect_no_series 'bare/*/count-layers'
expect_value "ended, not looked at: layers" 2 ended/virt_backing-vda/count-layers
expect_quiet_log
host_stop_collectd
rm -r "$HOST_DIR/csv"

# --- with it ---

host_start_collectd 'InactiveDomains true' 'InactiveInterval 1'
host_wait_cycle
expect_chains "powered off"
for _ in 1 2 3 4; do
    host_wait_cycle
done
expect_chains "powered off, read again"
for vm in part ended bare; do
    host_start_vm $vm
done
host_wait_cycle
host_wait_cycle
expect_chains "running"
expect_quiet_log
