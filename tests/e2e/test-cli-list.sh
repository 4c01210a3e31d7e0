#!/bin/bash
# virt-backing list: a line for each layer, with the true sizes, exact or for
# people; domains by name and by expression; machines that are off; pools.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
cli_start_host

base=$HOST_DIR/base.raw
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
host_make_image "$base" raw 48M
qemu-io -f raw -c 'write 0 5M' "$base" >/dev/null
host_make_image "$middle" qcow2 56M "$base" raw
qemu-io -f qcow2 -c 'write 0 3M' "$middle" >/dev/null
host_make_image "$top" qcow2 64M "$middle" qcow2
device=$(host_make_loop 16M)
host_make_image "$device" qcow2 32M
qemu-io -f qcow2 -c 'write 0 12M' "$device" >/dev/null
host_start_vm vm1 "vda:qcow2:file:$top" "hdc:raw:cdrom:"
host_start_vm vm2 "vdb:qcow2:block:$device"
host_define_vm off "vda:qcow2:file:$top"
mkdir "$HOST_DIR/pool"
host_make_image "$HOST_DIR/pool/volume.raw" raw 2M
host_virsh pool-create-as pool dir --target "$HOST_DIR/pool" >/dev/null

# line DOMAIN NUMBER [OPTION...]: that one behind the domain's name, without the
# bar, words parted by one blank
line() {
    local domain=$1 number=$2
    shift 2
    cli list "$@" | awk -v domain="$domain" -v number="$number" '
        /^[^ ]/ { inside = $0 == domain; next }
        inside && ++n == number' | sed -E 's/ +[0-9]+% [#.]+!* +/ /; s/ +/ /g; s/^ //'
}

# layer_line FORMAT FILE: the sizes as they must be
sizes() {
    echo "$(truth_virtual_size "$1" "$2") $(truth_du "$2") $(truth_length "$2")"
}

expect_equal "vm1, top" "vda layer0 qcow2 file $(sizes qcow2 "$top") 67108864 $top" "$(line vm1 1 -b)"
expect_equal "vm1, middle" "layer1 qcow2 file $(sizes qcow2 "$middle") - $middle" "$(line vm1 2 -b)"
expect_equal "vm1, base" "layer2 raw file $(sizes raw "$base") - $base" "$(line vm1 3 --bytes)"
expect_equal "vm1, empty drive" "hdc empty" "$(line vm1 4)"
end=$(truth_image_end "$device")
size=$(truth_device_size "$device")
expect_equal "vm2, device" "vdb layer0 qcow2 block 33554432 $end $size $((size - end)) $device" "$(line vm2 1 -b)"
expect_equal "for people" "vdb layer0 qcow2 block 32.0M $(awk "BEGIN { printf \"%.1fM\", $end / 1048576 }") 16.0M \
$(awk "BEGIN { printf \"%.1fM\", ($size - $end) / 1048576 }") $device" "$(line vm2 1)"
expect_equal "how full, and a mark" "$(awk "BEGIN { printf \"%.0f%%\", 100 * $end / $size }") ####." \
    "$(cli list vm2 | sed -nE 's/.* ([0-9]+% [#.!]+) .*/\1/p')"

expect_equal "off" "layer1 qcow2 file $(sizes qcow2 "$middle") - $middle" "$(line 'off (off)' 2 -b --inactive)"
expect_equal "domains that run" "vm1 vm2 " "$(cli | sed -n '/^[^ ]/p' | tr '\n' ' ')"
expect_equal "and all" "off (off) vm1 vm2 " "$(cli --inactive | sed -n '/^[^ ]/p' | tr '\n' ' ')"
expect_equal "by name" "vm2 " "$(cli list vm2 | sed -n '/^[^ ]/p' | tr '\n' ' ')"
expect_equal "by expression" "off (off) vm1 " "$(cli list --inactive '/^o/' '/1$/' | sed -n '/^[^ ]/p' | tr '\n' ' ')"
# A volume is a line with its name, and one for each layer.
expect_equal "volume" "layer0 raw file $(sizes raw "$HOST_DIR/pool/volume.raw") - $HOST_DIR/pool/volume.raw" \
    "$(cli --volumes -b | sed -n '/^pool pool: /,$p' | sed -n '3p' | sed -E 's/ +/ /g; s/^ //')"
expect_cli "one that is not there" 1 'virt-backing: no domain "vm3" runs; --inactive shows others' list vm1 vm3
expect_equal "but the other one is shown" vm1 "$(grep '^[^ ]' "$HOST_DIR/out")"
