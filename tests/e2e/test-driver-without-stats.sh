#!/bin/bash
# A driver that has no block statistics (libvirt's test driver): the chain comes
# from the XML, and the sizes of the active layer are those of virsh domblkinfo.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.3

requires host_require_collectd
requires_program virsh
host_create
trap test_end EXIT

# expect_domblkinfo DOMAIN TARGET LAYERS
expect_domblkinfo() {
    local capacity allocation physical
    read -r capacity allocation physical < <(virsh -c "$HOST_COLLECTD_URI" domblkinfo "$1" "$2" |
        sed -nE 's/^(Capacity|Allocation|Physical): +//p' | paste -sd ' ')
    expect_success "domblkinfo answers" [ -n "$physical" ]
    expect_layer "$1 $2" "$1/virt_backing-$2" layer0 "$capacity" "$allocation" "$physical"
    expect_value "$1 $2: layers" "$3" "$1/virt_backing-$2/count-layers"
}

export HOST_COLLECTD_URI=test:///default
host_start_collectd
host_wait_cycle
expect_domblkinfo test vda 1
expect_value "domains" 1 hypervisor/virt_backing/count-domains
expect_quiet_log
host_stop_collectd

cat >"$HOST_DIR/node.xml" <<'EOF'
<node>
  <domain type='test'>
    <name>one machine</name>
    <memory>1024</memory>
    <os><type>hvm</type></os>
    <devices>
      <disk type='file' device='disk'>
        <driver name='qemu' type='qcow2'/>
        <source file='/images/top'/>
        <backingStore type='file'>
          <format type='qcow2'/>
          <source file='/images/middle'/>
          <backingStore type='block'>
            <format type='raw'/>
            <source dev='/dev/base'/>
            <backingStore/>
          </backingStore>
        </backingStore>
        <target dev='vda'/>
      </disk>
      <disk type='block' device='disk'><source dev='/dev/other'/><target dev='vdb'/></disk>
      <disk type='file' device='cdrom'><target dev='hdc'/></disk>
    </devices>
  </domain>
  <domain type='test'>
    <name>two:2</name>
    <memory>1024</memory>
    <os><type>hvm</type></os>
    <devices>
      <disk type='file' device='disk'><source file='/images/two'/><target dev='sda'/></disk>
    </devices>
  </domain>
  <domain type='test'>
    <name>diskless</name>
    <memory>1024</memory>
    <os><type>hvm</type></os>
  </domain>
</node>
EOF
rm -r "$HOST_DIR/csv"
export HOST_COLLECTD_URI=test://$HOST_DIR/node.xml
host_start_collectd
host_wait_cycle
expect_domblkinfo 'one machine' vda 3
expect_domblkinfo 'one machine' vdb 1
expect_domblkinfo two:2 sda 1
expect_value "an empty drive: layers" 0 'one machine/virt_backing-hdc/count-layers'
expect_no_series '*/virt_backing-hdc/disk_*'
expect_no_series '*/disk_*-layer[12]'
expect_value "domains" 3 hypervisor/virt_backing/count-domains
expect_value "layers in all" 5 hypervisor/virt_backing/count-layers
expect_quiet_log
