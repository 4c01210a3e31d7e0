#!/bin/bash
# Backing images that a qcow2 header names in one of QEMU's other ways ("json:{...}",
# "file:/...") are found where they are local files and devices, of machines that are
# off and of volumes; anything else is shown by its name, and without figures. A
# backing image that is missing is shown as such, and nothing fails.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
requires_program jq
requires_program xmllint
cli_start_host

folder=$HOST_DIR/pool
mkdir "$folder"
base=$HOST_DIR/base.qcow2
device=$(host_make_loop 16M)
host_make_image "$base" qcow2 12M
qemu-io -f qcow2 -c 'write 0 2M' "$base" >/dev/null
host_make_image "$device" qcow2 12M
qemu-io -f qcow2 -c 'write 0 3M' "$device" >/dev/null

# over NAME BACKING [FORMAT]: an image in the pool on the backing image of that name
over() {
    qemu-img create -q -u -f qcow2 -b "$2" ${3:+-F "$3"} "$folder/$1" 12M >/dev/null 2>&1
    host_define_vm "$1" "vda:qcow2:file:$folder/$1"
}
over nested "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"$base\"}}" qcow2
over dotted "json:{\"file.filename\":\"$base\"}" qcow2
over quotes "json:{'driver':'qcow2','file.driver':'host_device','file.filename':'$device'}" qcow2
over file "file:$base" qcow2
over nbd 'json:{"driver":"raw","file":{"driver":"nbd","host":"localhost","port":"10809"}}' raw
over offset "json:{\"driver\":\"raw\",\"offset\":512,\"file.filename\":\"$base\"}" raw
over relative 'file:base.qcow2' qcow2
over plain "$base" qcow2
over missing "$HOST_DIR/missing.qcow2" qcow2
host_virsh pool-create-as pool dir --target "$folder" >/dev/null

# What the tool says of the layer below: storage, source, capacity, allocation,
# physical and missing.
below='.layers[1] | [.storage, .source, .capacity, .allocation, .physical, .missing] | map(. // "-") | join(" ")'

# expect_below NAME EXPECTED
expect_below() {
    expect_equal "$1" "$2" "$(jq -r ".domains[] | select(.name == \"$1\").disks[0] | $below" "$HOST_DIR/out")"
    expect_equal "$1, as a volume" "$2" \
        "$(jq -r ".pools[0].volumes[] | select(.name == \"$1\") | $below" "$HOST_DIR/out")"
}

cli_try --inactive --volumes --json
expect_equal "exit status" 0 "$CLI_STATUS"
file="file $base 12582912 $(truth_du "$base") $(truth_length "$base") -"
expect_below nested "$file"
expect_below dotted "$file"
expect_below file "$file"
expect_below quotes "block $device 12582912 $(truth_image_end "$device") $(truth_device_size "$device") -"
# QEMU finds the same.
for name in nested dotted file quotes; do
    expect_equal "qemu-img opens $name" 2 "$(qemu-img info -U --backing-chain "$folder/$name" | grep -c '^virtual size: 12 MiB')"
done

expect_below nbd 'network json:{"driver":"raw","file":{"driver":"nbd","host":"localhost","port":"10809"}} - - - -'
expect_below offset "- json:{\"driver\":\"raw\",\"offset\":512,\"file.filename\":\"$base\"} - - - -"
expect_below relative "- file:base.qcow2 - - - -"
expect_below missing "- $HOST_DIR/missing.qcow2 - - - true"

# --- an image that is missing ---

cli_try --inactive missing
expect_equal "list: exit status" 0 "$CLI_STATUS"
expect_success "the table says so" grep -E "layer1 .*qcow2 .* missing .*$HOST_DIR/missing.qcow2\$" "$HOST_DIR/out"
cli_try xml missing
expect_equal "xml: exit status" 0 "$CLI_STATUS"
path=/domain/devices/disk/backingStore
expect_equal "xml: its place" "$HOST_DIR/missing.qcow2" "$(xpath "$HOST_DIR/out" "$path/source/@file")"
expect_equal "xml: nothing else" "format source " "$(xmllint --xpath "$path/*" "$HOST_DIR/out" | sed -n 's/^ *<\([a-z]*\).*/\1/p' | tr '\n' ' ')"
cli_try vol-xml pool missing
expect_equal "vol-xml: exit status" 0 "$CLI_STATUS"
expect_equal "vol-xml: its place" "$HOST_DIR/missing.qcow2" "$(xpath "$HOST_DIR/out" /volume/backingStore/path)"
expect_equal "vol-xml: no figures" 0 "$(xpath "$HOST_DIR/out" "count(/volume/backingStore/*[name() = 'capacity' or name() = 'allocation' or name() = 'physical'])")"
cli_try explain missing vda
expect_equal "explain: exit status" 0 "$CLI_STATUS"
# In a machine that runs, QEMU has the image open still.
host_start_vm plain
rm "$base"
cli_try --json plain
expect_equal "deleted while it is in use: exit status" 0 "$CLI_STATUS"
expect_equal "its capacity" 12582912 "$(jq '.domains[0].disks[0].layers[1].capacity' "$HOST_DIR/out")"
expect_equal "it is marked" true "$(jq '.domains[0].disks[0].layers[1].missing' "$HOST_DIR/out")"
