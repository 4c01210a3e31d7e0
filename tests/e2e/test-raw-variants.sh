#!/bin/bash
# Raw images on files, of each kind: without a single block in use (libvirt says
# that it is full), with all blocks in use, of more than 4 GiB.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

bare=$HOST_DIR/bare.raw
whole=$HOST_DIR/whole.raw
huge=$HOST_DIR/huge.raw

"${HOST_AS[@]}" truncate -s 16M "$bare"
"${HOST_AS[@]}" fallocate -l 8M "$whole"
# One sector past 5 GiB, and a byte count that 32 bits or a float would not hold.
"${HOST_AS[@]}" truncate -s $((5 * 1024 * 1024 * 1024 + 512)) "$huge"
qemu-io -f raw -c 'write 4608M 64k' "$huge" >/dev/null

# expect_raw WHAT DISK FILE
expect_raw() {
    expect_layer "$1" "vm1/virt_backing-$2" layer0 \
        "$(truth_length "$3")" "$(truth_du "$3")" "$(truth_length "$3")"
}

host_start_vm vm1 "vda:raw:file:$bare" "vdb:raw:file:$whole" "vdc:raw:file:$huge"
host_start_collectd
host_wait_cycle
expect_equal "blocks of the bare image" 0 "$(truth_du "$bare")"
expect_raw "bare" vda "$bare"
expect_raw "whole" vdb "$whole"
expect_raw "huge" vdc "$huge"

for disk in vda vdb vdc; do
    host_write vm1 $disk 2M 1M
    host_flush vm1 $disk
done
host_wait_cycle
expect_raw "bare, 1 MiB written" vda "$bare"
expect_raw "whole, 1 MiB written" vdb "$whole"
expect_raw "huge, 1 MiB written" vdc "$huge"
expect_quiet_log
