#!/bin/bash
# HostnameFormat, PluginInstanceFormat, HostnameMetadataNS, HostnameMetadataXPath
# and LayerFormat: each field, and several joined; a domain without the metadata
# is reported by its name, and two with the same metadata stay apart.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.3

requires_plugin
test_start_host

nova=http://openstack.org/xmlns/libvirt/nova/1.1
own=http://example.com/machines

# Layers of different sizes: what libvirt calls a layer is told by them.
host_make_image "$HOST_DIR/base.raw" raw 2M
host_make_image "$HOST_DIR/middle.qcow2" qcow2 3M "$HOST_DIR/base.raw" raw
host_make_image "$HOST_DIR/top.qcow2" qcow2 4M "$HOST_DIR/middle.qcow2" qcow2
host_make_image "$HOST_DIR/second.raw" raw 5M
host_make_image "$HOST_DIR/third.raw" raw 6M

export HOST_VM_METADATA="<n:instance xmlns:n='$nova'><n:name>web</n:name></n:instance>
    <o:machine xmlns:o='$own' label='rack 7'><o:owner>one</o:owner></o:machine>"
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/top.qcow2"
export HOST_VM_METADATA="<n:instance xmlns:n='$nova'><n:name>web</n:name></n:instance>"
host_start_vm vm2 "vda:raw:file:$HOST_DIR/second.raw"
export HOST_VM_METADATA=
host_start_vm vm3 "vda:raw:file:$HOST_DIR/third.raw"
uuid=$(host_virsh domuuid vm1)

# run_with OPTION-LINE...
run_with() {
    host_stop_collectd
    rm -rf "$HOST_DIR/csv"
    host_start_collectd "$@"
    host_wait_cycle
}

# expect_prefix PREFIX OPTION-LINE...: so begin the series of vm1
expect_prefix() {
    local prefix=$1
    shift
    run_with "$@"
    expect_value "$*" "$(truth_virtual_size qcow2 "$HOST_DIR/top.qcow2")" "$prefix/disk_capacity-layer0"
}

expect_prefix "vm1/virt_backing-vda" 'HostnameFormat name'
expect_prefix "$uuid/virt_backing-vda" 'HostnameFormat "uuid"'
expect_prefix "hypervisor/virt_backing-vm1-vda" 'HostnameFormat hostname' 'PluginInstanceFormat "name disk"'
expect_prefix "hypervisor:vm1:$uuid:web/virt_backing-vda" 'HostnameFormat "hostname name uuid metadata"'
expect_prefix "$uuid:vm1/virt_backing-web-$uuid-vm1-vda" \
    'HostnameFormat "uuid name"' 'PluginInstanceFormat "metadata uuid name disk"'
expect_prefix "rack 7/virt_backing-vda" 'HostnameFormat metadata' \
    "HostnameMetadataNS \"$own\"" 'HostnameMetadataXPath "/machine/@label"'
expect_prefix "one/virt_backing-vda" 'HostnameFormat metadata' \
    "HostnameMetadataNS \"$own\"" 'HostnameMetadataXPath "/machine/owner"'
expect_quiet_log

run_with 'HostnameFormat metadata'
host_wait_cycle
expect_equal "hosts by nova's metadata" "hypervisor vm3 web web-HASH " \
    "$(find "$HOST_DIR/csv" -mindepth 1 -maxdepth 1 -printf '%f\n' | sed -E 's/-[0-9a-f]{8}$/-HASH/' | sort | tr '\n' ' ')"
expect_equal "sizes of those that share it" "4194304 5242880 " \
    "$(host_series 'web*/virt_backing-vda/disk_capacity-layer0' | while IFS= read -r series; do
        host_value "$series"
    done | sort | tr '\n' ' ')"
expect_log 1 '\[warning\] virt_backing: .*would both be reported as "web"'
expect_log 2 ' virt_backing: '

run_with 'LayerFormat index'
expect_no_series '*layer[0-9]*'
host_virsh domstats --block --backing vm1 >"$HOST_DIR/domstats"
for file in top.qcow2 middle.qcow2 base.raw; do
    record=$(sed -nE "s|^ *block\.([0-9]+)\.path=$HOST_DIR/$file\$|\1|p" "$HOST_DIR/domstats")
    index=$(sed -nE "s/^ *block\.$record\.backingIndex=([0-9]+)\$/\1/p" "$HOST_DIR/domstats")
    expect_value "index $index is $file" "$(truth_virtual_size "${file#*.}" "$HOST_DIR/$file")" \
        "vm1/virt_backing-vda/disk_capacity-index$index"
done
expect_quiet_log
