#!/bin/bash
# Images made by hand to mislead: truncated, with headers that no image has, with
# backing names that lead in circles, or to a FIFO or a device that is not to be
# opened. Nothing of them is known, how long their chains are neither, no figure is
# wrong, the log has one line for each and no more over many InactiveIntervals, and
# the disk beside them is reported. A raw disk in which a guest has written the
# header of a qcow2 image is raw: the host's file that it names is not followed.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
requires_program strace
export HOST_INTERVAL=0.2
test_start_host

folder=$HOST_DIR/hostile
mkdir "$folder"

# Overwrite bytes of a file: patch FILE OFFSET HEX
patch() {
    local i bytes=
    for ((i = 0; i < ${#3}; i += 2)); do
        bytes+="\\x${3:i:2}"
    done
    printf '%b' "$bytes" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Make a sound image and change it: hostile NAME [OFFSET HEX]...
hostile() {
    local file=$folder/$1
    shift
    qemu-img create -q -f qcow2 "$file" 32M
    qemu-io -f qcow2 -c 'write 0 1M' "$file" >/dev/null
    while [ $# -gt 0 ]; do
        patch "$file" "$1" "$2"
        shift 2
    done
}

# Offsets as the qcow2 specification has them.
hostile bits-0 20 00000000
hostile bits-8 20 00000008
hostile bits-22 20 00000016
hostile bits-63 20 0000003f
hostile version-9 4 00000009
hostile magic 0 51464900
hostile table-size 56 ffffffff
hostile table-none 56 00000000
hostile table-beyond 48 7fffffffffff0000
hostile table-wraps 48 ffffffffffff0000
hostile table-odd 48 0000000000010001
hostile feature 72 8000000000000000
hostile corrupt 72 0000000000000002
hostile refcount-order 96 0000003f
hostile header-length 100 ffffffff
hostile name-length 8 0000000000000200 16 ffffffff
hostile name-beyond 8 7fffffffffffff00 16 00000010
hostile extension 112 12345678fffffff0
hostile truncated
truncate -s 100 "$folder/truncated"
hostile empty
truncate -s 0 "$folder/empty"
hostile cut
truncate -s 65536 "$folder/cut"
# The first entry of the refcount table, wherever that is.
hostile block-beyond
table=$(od -An -tu8 --endian=big -j48 -N8 "$folder/block-beyond")
patch "$folder/block-beyond" $((table)) 7fffffffffff0000
kinds=("$folder"/*)

# --- as active layers on devices, where the image alone knows its end ---

devices=()
for kind in "${kinds[@]}"; do
    device=$(host_make_loop 4M)
    dd if="$kind" of="$device" bs=64k conv=fsync,notrunc status=none
    devices+=("$device")
    host_define_vm "active-$(basename "$kind")" "vda:qcow2:block:$device"
done

# --- as backing images ---

for kind in "${kinds[@]}"; do
    name=$(basename "$kind")
    qemu-img create -q -f qcow2 -u -b "$kind" -F qcow2 "$HOST_DIR/on-$name.qcow2" 16M
    host_define_vm "backing-$name" "vda:qcow2:file:$HOST_DIR/on-$name.qcow2"
done

# --- circles ---

for name in one two self; do
    qemu-img create -q -f qcow2 "$folder/$name.qcow2" 8M
done
qemu-img rebase -u -f qcow2 -b two.qcow2 -F qcow2 "$folder/one.qcow2"
qemu-img rebase -u -f qcow2 -b ../hostile/./one.qcow2 -F qcow2 "$folder/two.qcow2"
qemu-img rebase -u -f qcow2 -b self.qcow2 -F qcow2 "$folder/self.qcow2"
host_define_vm circle "vda:qcow2:file:$folder/one.qcow2" "vdb:qcow2:file:$folder/self.qcow2"

# --- backing names of what is no image ---

mkfifo "$folder/fifo"
ln -s /dev/full "$folder/link"
specials=("$folder/fifo" /dev/full "$folder/link")
targets=(vda vdb vdc)
disks=()
for i in "${!specials[@]}"; do
    qemu-img create -q -f qcow2 -u -b "${specials[i]}" -F raw "$HOST_DIR/special-$i.qcow2" 16M
    disks+=("${targets[i]}:qcow2:file:$HOST_DIR/special-$i.qcow2")
done
host_define_vm special "${disks[@]}"

# --- a header where it does not count ---

secret=$HOST_DIR/secret
device=$(host_make_loop 4M)
echo hidden >"$secret"
qemu-img create -q -f qcow2 -u -b "$secret" -F raw "$folder/guest.raw" 1G
dd if="$folder/guest.raw" of="$device" bs=64k conv=fsync,notrunc status=none
qemu-img create -q -f qcow2 -u -b "$folder/guest.raw" -F raw "$HOST_DIR/on-guest.qcow2" 16M
# The format of the backing image in an extension that nobody knows.
qemu-img create -q -f qcow2 -u -b "$folder/guest.raw" -F raw "$HOST_DIR/undeclared.qcow2" 16M
extension=$(od -An -tu4 --endian=big -j100 -N4 "$HOST_DIR/undeclared.qcow2")
patch "$HOST_DIR/undeclared.qcow2" $((extension)) 12345678
host_define_vm guest "vda:raw:file:$folder/guest.raw" "vdb:raw:block:$device" \
    "vdc:qcow2:file:$HOST_DIR/on-guest.qcow2" "vdd:qcow2:file:$HOST_DIR/undeclared.qcow2"

host_make_image "$HOST_DIR/sound.qcow2" qcow2 5M
host_define_vm sound "vda:qcow2:file:$HOST_DIR/sound.qcow2"

# --- what is said of all that ---

export HOST_COLLECTD_WRAPPER="strace -D -f -y --seccomp-bpf -qq -e trace=%file -e signal=none -o $HOST_DIR/trace"
host_start_collectd 'InactiveDomains true' 'InactiveInterval 1'

said_of() {
    host_collectd_log | grep -cF "the metadata of image $1 are not known: " || true
}

# Print how many times the images were read.
readings() {
    grep -cE "openat\([^,]*, \"${devices[0]}\"" "$HOST_DIR/trace"
}
# read_times NUMBER: that often, or oftener
read_times() {
    [ "$(readings)" -ge "$1" ]
}
lines=$((2 * ${#kinds[@]} + 3 + ${#specials[@]}))
said_all() {
    [ "$(log_count ' virt_backing: the metadata of image ')" -ge $lines ]
}
# Each once, then each again: one after the other, as they lie in one folder.
wait_until 60 said_all
wait_until 40 read_times $(($(readings) + 3))
host_wait_cycle

for i in "${!kinds[@]}"; do
    name=$(basename "${kinds[i]}")
    # libvirt has a capacity for it, from the header or the device's size.
    expect_no_series "active-$name/virt_backing-vda/disk_capacity-*"
    expect_no_series "active-$name/virt_backing-vda/disk_allocation-*"
    expect_value "$name, active: physical" 4194304 "active-$name/virt_backing-vda/disk_physical-layer0"
    expect_equal "$name, active: lines in the log" 1 "$(said_of "${devices[i]}")"
    expect_value "$name, backing: what it backs" 16777216 "backing-$name/virt_backing-vda/disk_capacity-layer0"
    expect_layer "$name, backing" "backing-$name/virt_backing-vda" layer1 \
        - "$(truth_du "${kinds[i]}")" "$(truth_length "${kinds[i]}")"
    expect_no_series "backing-$name/virt_backing-vda/count-layers"
    expect_equal "$name, backing: lines in the log" 1 "$(said_of "${kinds[i]}")"
done

expect_no_series 'circle/*/count-layers'
expect_equal "circle of two: lines in the log" 1 "$(said_of "$folder/../hostile/./one.qcow2")"
expect_equal "circle of one: lines in the log" 1 "$(said_of "$folder/self.qcow2")"
expect_log 2 'the chain comes back to it$'

expect_guest() {
    expect_layer "$1, raw file" guest/virt_backing-vda layer0 \
        "$(truth_length "$folder/guest.raw")" "$(truth_du "$folder/guest.raw")" "$(truth_length "$folder/guest.raw")"
    expect_layer "$1, raw device" guest/virt_backing-vdb layer0 4194304 4194304 4194304
    expect_layer "$1, raw backing image" guest/virt_backing-vdc layer1 \
        "$(truth_length "$folder/guest.raw")" "$(truth_du "$folder/guest.raw")" "$(truth_length "$folder/guest.raw")"
    expect_value "$1, raw file: layers" 1 guest/virt_backing-vda/count-layers
    expect_value "$1, raw device: layers" 1 guest/virt_backing-vdb/count-layers
    expect_value "$1, raw backing image: layers" 2 guest/virt_backing-vdc/count-layers
}
expect_guest "powered off"
expect_no_series guest/virt_backing-vdd/count-layers
expect_equal "format not declared: lines in the log" 1 "$(said_of "$folder/guest.raw")"
expect_log 1 'its format is not declared$'

for i in "${!specials[@]}"; do
    disk=special/virt_backing-${targets[i]}
    expect_value "${specials[i]}: what it backs" 16777216 "$disk/disk_capacity-layer0"
    expect_no_series "$disk/*-layer1"
    expect_no_series "$disk/count-layers"
    expect_equal "${specials[i]}: lines in the log" 1 "$(said_of "${specials[i]}")"
done
expect_log ${#specials[@]} 'neither a file nor a block device$'

expect_layer "a sound one beside them" sound/virt_backing-vda layer0 \
    5242880 "$(truth_du "$HOST_DIR/sound.qcow2")" "$(truth_length "$HOST_DIR/sound.qcow2")"

expect_log $lines '\[(error|warning)\] virt_backing: '
expect_quiet_stderr
host_stop_collectd

# Print each call in one line, also one that another thread's has cut in two.
whole_calls() {
    awk '
        sub(/ *<unfinished \.\.\.>$/, "") { begun[$1] = $0; next }
        / <\.\.\. [a-z0-9_]+ resumed>/ { pid = $1; sub(/^.* resumed>/, ""); $0 = begun[pid] $0 }
        { print }' "$HOST_DIR/trace"
}
for special in "${specials[@]}"; do
    # By its name, or as what another name or number leads to.
    openings=$(whole_calls | grep -E " openat\\(.*(\"$special\"|= [0-9]+<$special>)")
    expect_success "$special was come upon" [ -n "$openings" ]
    expect_equal "$special opened for more than its name" "" "$(grep -vF O_PATH <<<"$openings" || true)"
done
expect_equal "the host's file was touched" "" "$(grep -F "$secret" "$HOST_DIR/trace" || true)"
