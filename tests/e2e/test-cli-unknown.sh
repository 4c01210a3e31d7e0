#!/bin/bash
# In the table a figure that is not known is a question mark, and one that the
# image has not, whoever knows, a hyphen.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
requires_program qemu-nbd
cli_start_host

container=$HOST_DIR/container.qcow2
host_make_image "$container" qcow2 8M
host_make_image "$HOST_DIR/base.qcow2" qcow2 8M
host_make_image "$HOST_DIR/top.qcow2" qcow2 - "$HOST_DIR/base.qcow2" qcow2
device=$(host_make_loop 8M)
dirty=$(host_make_loop 16M)
qemu-img create -q -f qcow2 -o lazy_refcounts=on "$dirty" 64M
# The shell says that its child was aborted.
{ qemu-io -f qcow2 -c 'write 0 1M' -c flush -c abort "$dirty" || true; } >/dev/null 2>&1
host_start_vm vm1 "vda:raw:block:$device" "vdb:qcow2:nbd:$(host_start_nbd "$container" raw)" \
    "vdc:qcow2:file:$HOST_DIR/top.qcow2"
host_define_vm off "vda:qcow2:block:$dirty"

# row DOMAIN NUMBER: the four figures of one of its lines, and how full it is
row() {
    cli --bytes --inactive | awk -v domain="$1" -v number="$2" '
        /^[^ ]/ { inside = $1 == domain; next }
        inside && ++n == number { print substr($0, 28) }' |
        awk '{ print $1, $2, $3, $4, $5 == "?" ? $5 : "" }'
}

size=$(truth_device_size "$device")
expect_equal "raw on a device has no headroom" "$size $size $size - " "$(row vm1 1)"
expect_equal "of an image on a server much is not known" "8388608 ? ? ? ?" "$(row vm1 2)"
expect_equal "a backing image has no headroom" - "$(row vm1 4 | cut -d ' ' -f 4)"
expect_equal "nor has one that is off, but it ends somewhere" \
    "67108864 ? $(truth_device_size "$dirty") - " "$(row off 1)"
cli_try explain off vda
expect_success "explain: an end that is not known" grep -qE '^ +allocation +\? +not known' "$HOST_DIR/out"
expect_success "explain: no headroom" grep -qE '^ +headroom +- +none' "$HOST_DIR/out"

# --- JSON says of the whole whether something is missing ---

# complete WORD...
complete() {
    cli --json "$@" | sed -n 's/^  "complete":\(.*\),/\1/p'
}

expect_equal "an end that is not known" false "$(complete --inactive off)"
expect_equal "what no server is asked for does not count" true "$(complete)"
mv "$HOST_DIR/base.qcow2" "$HOST_DIR/gone"
host_destroy_vm vm1
# That an image is not there is no gap in what is known.
expect_equal "a backing image that is missing" true "$(complete --inactive vm1)"
expect_equal "is told as such" 1 "$(cli --json --inactive vm1 | grep -c '"missing":true')"
mv "$HOST_DIR/gone" "$HOST_DIR/base.qcow2"
expect_equal "and when it is not" 0 "$(cli --json --inactive vm1 | grep -c '"missing":true')"
