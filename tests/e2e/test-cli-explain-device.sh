#!/bin/bash
# virt-backing explain of images on devices: how large a device is stands among
# the raw figures, and the rule is a true one where the image does not tell
# where it ends.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
cli_start_host

raw=$(host_make_loop 12M)
base=$(host_make_loop 16M)
dirty=$(host_make_loop 20M)
host_make_image "$base" qcow2 32M
host_make_image "$HOST_DIR/top.qcow2" qcow2 - "$base" qcow2
qemu-img create -q -f qcow2 -o lazy_refcounts=on "$dirty" 64M
# The shell says that its child was aborted.
{ qemu-io -f qcow2 -c 'write 0 10M' -c flush -c abort "$dirty" || true; } >/dev/null 2>&1
expect_equal "it was not closed" 1 "$(od -An -tu8 --endian=big -j72 -N8 "$dirty" | tr -d ' ')"
host_start_vm vm1 "vda:raw:block:$raw" "vdb:qcow2:file:$HOST_DIR/top.qcow2"
host_define_vm off "vda:qcow2:block:$dirty" "vdb:raw:block:$raw"

# line NAME: what is said of it
line() {
    sed -n "s/^ *$1  *//p" "$HOST_DIR/out" | sed -E 's/ +/ /g; s/ $//'
}

# expect_device WHAT DEVICE WORD...
expect_device() {
    local size
    size=$(truth_device_size "$2")
    cli_try explain "${@:3}"
    expect_equal "$1: raw" "size $size" "$(line 'blockdev (BLKGETSIZE64)')"
    expect_equal "$1: physical" "$size" "$(line physical | sed 's/ .*//')"
}

expect_device "raw" "$raw" vm1 vda
expect_device "a backing image" "$base" vm1 vdb layer1
expect_device "off, raw" "$raw" off vdb
expect_device "off, not closed" "$dirty" off vda
expect_equal "its allocation" "? not known: the image was not closed, and may not tell where it ends" "$(line allocation)"
cli_try explain vm1 vdb layer0
expect_equal "of a file there is none" "" "$(line 'blockdev (BLKGETSIZE64)')"
