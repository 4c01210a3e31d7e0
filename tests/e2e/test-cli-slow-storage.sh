#!/bin/bash
# Storage that answers only when virt-backing has given it up, and is about to
# end: the document is whole but for what that storage was asked, and the thread
# that comes back meanwhile finds all that it knew.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_program strace
requires_program xmllint
cli_start_host
host_make_image "$HOST_DIR/base.qcow2" qcow2 8M
host_make_image "$HOST_DIR/top.qcow2" qcow2 - "$HOST_DIR/base.qcow2" qcow2
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/top.qcow2"

# Whenever the thread begins, within 6 s, it comes back behind the end of the timeout,
# and before the process ends, 15 s from now.
# Labels are read by the thread alone that is left behind. What is freed gets
# filled, so that it can't be taken for what it was. No leaks are looked for:
# that can't be done under strace.
status=0
env "${CLI_ENVIRONMENT[@]}" LSAN_OPTIONS=detect_leaks=0 \
    MALLOC_PERTURB_=165 GLIBC_TUNABLES=glibc.malloc.tcache_count=0 \
    strace -f -qq -o "$HOST_DIR/trace" -e signal=none -e trace=getxattr,exit_group \
    -e inject=getxattr:delay_enter=7000000:when=1 -e inject=exit_group:delay_enter=9000000 \
    "$CLI" --connect "$HOST_URI_RO" --timeout 6 xml vm1 >"$HOST_DIR/out" 2>"$HOST_DIR/err" || status=$?
expect_equal "exit status" 1 $status
expect_equal "stderr" "virt-backing: the images' storage does not answer: no permissions, timestamps and features" \
    "$(cat "$HOST_DIR/err")"
expect_equal "the thread came back, and went on" 1 "$(grep -c 'getxattr.*/base\.qcow2' "$HOST_DIR/trace")"
expect_equal "allocation" "$(truth_du "$HOST_DIR/top.qcow2")" \
    "$(xpath "$HOST_DIR/out" /domain/devices/disk/allocation)"
expect_equal "permissions" "" "$(xpath "$HOST_DIR/out" /domain/devices/disk/permissions)"
