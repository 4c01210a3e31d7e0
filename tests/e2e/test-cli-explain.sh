#!/bin/bash
# virt-backing explain: each raw figure is what its source says (virsh domstats,
# virsh domblkinfo, stat, df, qemu-img), and the result is the true one.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
cli_start_host

base=$HOST_DIR/base.raw
top=$HOST_DIR/top.qcow2
host_make_image "$base" raw 24M
qemu-io -f raw -c 'write 0 9M' "$base" >/dev/null
host_make_image "$top" qcow2 - "$base" raw
device=$(host_make_loop 16M)
host_make_image "$device" qcow2 32M
qemu-io -f qcow2 -c 'write 0 6M' "$device" >/dev/null
host_start_vm vm1 "vda:qcow2:file:$top" "vdb:qcow2:block:$device"
host_define_vm off "vda:qcow2:file:$top"

# figures LINE: the words and numbers of one line of the last output
figures() {
    sed -n "s/^ *$1  *//p" "$HOST_DIR/out" | sed -E 's/ +/ /g; s/ $//'
}

# result NAME: the number
result() {
    figures "$1" | sed 's/ .*//'
}

# stated NUMBER: what virsh says of that record
stated() {
    local field
    for field in capacity allocation physical; do
        echo "$field $(host_virsh domstats --block --backing vm1 | sed -n "s/.*block\.$1\.$field=//p")"
    done | paste -sd ' '
}

# info TARGET: what it says of the active layer
info() {
    host_virsh domblkinfo vm1 "$1" | sed -nE 's/^([A-Z])([a-z]+): +([0-9]+)$/\l\1\2 \3/p' | paste -sd ' '
}

# expect_results FORMAT FILE
expect_results() {
    expect_equal "capacity" "$(truth_virtual_size "$1" "$2")" "$(result capacity)"
    expect_equal "allocation" "$(truth_du "$2")" "$(result allocation)"
    expect_equal "physical" "$(truth_length "$2")" "$(result physical)"
}

cli_try explain vm1 vda layer0
expect_equal "which layer" "vda layer0 (active): qcow2, file, $top, vda[$(host_virsh domstats --block --backing vm1 |
    sed -n 's/.*block\.0\.backingIndex=//p')]" "$(head -n 1 "$HOST_DIR/out")"
expect_equal "domstats of the top" "$(stated 0)" "$(figures virConnectGetAllDomainStats)"
expect_equal "domblkinfo of the top" "$(info vda)" "$(figures virDomainGetBlockInfo)"
expect_equal "stat of the top" "length $(truth_length "$top") blocks $(truth_du "$top")" \
    "$(figures stat | sed 's/ free.*//')"
expect_equal "the image" "capacity $(truth_virtual_size qcow2 "$top") end $(truth_image_end "$top")" \
    "$(figures 'the image' | grep -o 'capacity.*end [0-9]*')"
expect_equal "the largest that it can become" \
    "$(qemu-img measure -O qcow2 --size 24M | sed -n 's/^fully allocated size: //p')" \
    "$(figures 'the image' | sed -nE 's/.*largest ([0-9]+).*/\1/p')"
expect_results qcow2 "$top"
expect_equal "it has room for all" "$(truth_virtual_size qcow2 "$top")" "$(result headroom)"

cli_try explain vm1 vda layer1
expect_equal "domstats of the base" "$(stated 1)" "$(figures virConnectGetAllDomainStats)"
expect_equal "domblkinfo has no base" "" "$(figures virDomainGetBlockInfo)"
expect_results raw "$base"
expect_equal "nobody writes to it" - "$(result headroom)"

cli_try explain vm1 vdb
end=$(truth_image_end "$device")
size=$(truth_device_size "$device")
expect_equal "domstats of the device" "$(stated 2)" "$(figures virConnectGetAllDomainStats)"
expect_equal "domblkinfo of the device" "$(info vdb)" "$(figures virDomainGetBlockInfo)"
expect_equal "the image on it" "container $size capacity 33554432 end $end" \
    "$(figures 'the image' | grep -o 'container.*end [0-9]*')"
expect_equal "allocation: the image's end" "$end" "$(result allocation)"
expect_equal "headroom" $((size - end)) "$(result headroom)"
expect_equal "percent" "$(awk "BEGIN { printf \"%.2f\", 100 * $end / $size }")" "$(result percent)"

cli_try explain off vda layer0
expect_results qcow2 "$top"
expect_cli "no such disk" 1 'virt-backing: domain "vm1" has no disk "vdz"' explain vm1 vdz
expect_cli "no such layer" 1 'virt-backing: disk "vda" has no layer "layer2"' explain vm1 vda layer2
