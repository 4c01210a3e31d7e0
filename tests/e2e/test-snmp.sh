#!/bin/bash
# snmptable shows each layer of real VMs with the figures of du, ls, qemu-img and
# blockdev, and nothing in place of what is not known; names with spaces, in UTF-8,
# and longer than an OID. A VM that hangs has no rows, one that is off has none.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"
# shellcheck source-path=SCRIPTDIR source=snmp.sh
. "$(dirname "$0")/snmp.sh"

requires_plugin
requires_loop
requires_snmp
export HOST_INTERVAL=0.5
test_start_host

base=$HOST_DIR/base.raw
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
other=$HOST_DIR/other.qcow2
host_make_image "$base" raw 24M
qemu-io -f raw -c 'write 1M 2M' "$base" >/dev/null
host_make_image "$middle" qcow2 32M "$base" raw
qemu-io -f qcow2 -c 'write 0 5M' "$middle" >/dev/null
host_make_image "$top" qcow2 32M "$middle" qcow2
qemu-io -f qcow2 -c 'write 0 1M' "$top" >/dev/null
host_make_image "$other" qcow2 16M
device=$(host_make_loop 8M)
host_make_image "$device" qcow2 64M
qemu-io -f qcow2 -c 'write 0 3M' "$device" >/dev/null

long=$(printf 'n%.0s' {1..90})
host_start_vm vm1 "vda:qcow2:file:$top" "vdb:qcow2:block:$device" "hdc:raw:cdrom:"
host_start_vm 'a machinä' "vda:qcow2:file:$other"
host_make_image "$HOST_DIR/long.qcow2" qcow2 4M
host_start_vm "$long" "vda:qcow2:file:$HOST_DIR/long.qcow2"

snmp_start_master
snmp_start_agent
host_start_collectd "StateFile \"$HOST_DIR/state\""
host_wait_cycle

# The rows of vm1, in the order of their index.
truth_vm1() {
    local end size
    end=$(truth_image_end "$device")
    size=$(truth_device_size "$device")
    truth_snmp_row vm1 vda layer0 qcow2 "$top"
    truth_snmp_row vm1 vda layer1 qcow2 "$middle"
    truth_snmp_row vm1 vda layer2 raw "$base"
    echo "vm1 vdb layer0|$(truth_virtual_size qcow2 "$device")|$end|$size|$((size - end))|$(
        snmp_percent "$end" "$size")|$(truth_index vm1 "$device")|active|qcow2|$device"
}

# snmptable shows a dot for each byte of an index that is not ASCII.
truth_other() {
    truth_snmp_row 'a machinä' vda layer0 qcow2 "$other" | sed 's/ä/../'
}

expect_count "the machines" 6
# A shorter name comes first, and a long one is cut.
vm1=$(truth_vm1)
other_row=$(truth_other)
cut=$(truth_snmp_row "$long" vda layer0 qcow2 "$HOST_DIR/long.qcow2")
hash=$(snmp_table | sed -nE 's/^n{55}-([0-9a-f]{8}) .*/\1/p')
expect_success "a long name ends in a hash" test_match '[0-9a-f]{8}' "$hash"
cut="${long:0:55}-$hash ${cut#* }"
expect_table "the table" "$vm1
$other_row
$cut"
expect_soon "one value, by its names" "$(truth_du "$middle")" snmp_get 'virtBackingAllocation."vm1"."vda"."layer1"'
expect_soon "type of bytes on the wire" "Counter64: $(truth_length "$middle") bytes" \
    snmpget -v2c -c public -M "$SNMP_MIB_DIR" -m VIRT-BACKING-MIB -Ov "127.0.0.1:$SNMP_PORT" \
    'VIRT-BACKING-MIB::virtBackingPhysical."vm1"."vda"."layer1"'
expect_soon "headroom of a backing image" "No Such Instance currently exists at this OID" \
    snmp_get 'virtBackingHeadroom."vm1"."vda"."layer1"'
expect_equal "an empty drive" "" "$(snmp_table | grep hdc || true)"

# What QEMU writes is seen in the next interval.
host_write vm1 vdb 3M 2M
host_write vm1 vda 8M 1M
host_flush vm1 vda
host_flush vm1 vdb
expect_table "after writes" "$(truth_vm1)
$other_row
$cut"

stuck_stop 'a machinä'
expect_table "one hangs" "$(truth_vm1)
$cut"
stuck_continue 'a machinä'
expect_table "it goes on" "$(truth_vm1)
$(truth_other)
$cut"
host_destroy_vm "$long"
expect_count "one is off" 5
host_destroy_vm 'a machinä'
host_destroy_vm vm1
expect_count "all are off" 0
expect_equal "a table without rows" "" "$(snmp_table)"
host_stop_collectd
expect_nothing "no collectd"
snmp_stop_agent
