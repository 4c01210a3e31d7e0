#!/bin/bash
# One look is enough to see where a commit of a lower layer writes to: list has the
# room that its target has left and what may still be written, and check alarms.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
cli_start_host

base=$(host_make_loop 64M)
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
host_make_image "$base" qcow2 64M
host_make_image "$middle" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 0 56M' "$middle" >/dev/null
host_make_image "$top" qcow2 - "$middle" qcow2
host_start_vm vm1 "vda:qcow2:file:$top"

expect_equal "before: nobody writes to the base" - "$(cli -b | awk '$1 == "layer2" { print $7 }')"
cli_try check --critical 66500000
expect_equal "before: status" 0 "$CLI_STATUS"

host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bandwidth 2 >/dev/null
has_begun() {
    host_virsh blockjob vm1 vda --info --raw | grep '^ *cur=[1-9]' >/dev/null
}
wait_until 40 has_begun
cli -b >"$HOST_DIR/out"
read -r allocation headroom < <(awk '$1 == "layer2" { print $5, $7 }' "$HOST_DIR/out")
expect_equal "what the base has left" $(($(truth_device_size "$base") - allocation)) "$headroom"
expect_success "the job: $(tail -n 1 "$HOST_DIR/out")" \
    grep -qE '^ +commit [0-9]+% done, up to [0-9]+ to write$' "$HOST_DIR/out"
cli_try check --critical 66500000
expect_equal "while it runs: status" 2 "$CLI_STATUS"
expect_success "and who it is: $(cat "$HOST_DIR/out")" grep -q 'CRITICAL - vm1 vda layer2: ' "$HOST_DIR/out"
