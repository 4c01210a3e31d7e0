#!/bin/bash
# No error in the memory of any of virt-backing's commands, and nothing lost:
# valgrind looks, or in a build with sanitizers these do.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
test_is_sanitized || requires_program valgrind
cli_start_host

mkdir "$HOST_DIR/pool"
base=$HOST_DIR/pool/base.raw
top=$HOST_DIR/pool/top.qcow2
host_make_image "$base" raw 8M
host_make_image "$top" qcow2 - "$base" raw
host_start_vm vm1 "vda:qcow2:file:$top" "hdc:raw:cdrom:"
host_define_vm off "vda:qcow2:file:$top"
host_virsh pool-create-as pool dir --target "$HOST_DIR/pool" >/dev/null

watcher=()
if ! test_is_sanitized; then
    watcher=(valgrind --quiet --leak-check=full --show-leak-kinds=definite
        --errors-for-leak-kinds=definite --error-exitcode=99 --num-callers=40
        --suppressions="$TEST_TOP/tests/e2e/valgrind.supp" --log-file="$HOST_DIR/valgrind")
fi

# expect_clean STATUS WORD...
expect_clean() {
    local wanted=$1 status=0 findings
    shift
    env "${CLI_ENVIRONMENT[@]}" "${watcher[@]}" "$CLI" -c "$HOST_URI_RO" --timeout 60 "$@" \
        >"$HOST_DIR/out" 2>&1 || status=$?
    expect_equal "$*" "$wanted" "$status"
    findings=$(cat "$HOST_DIR/valgrind" 2>/dev/null || true)$(host_sanitizer_findings)
    findings+=$(sed -n '/: runtime error:/,$p' "$HOST_DIR/out")
    [ -z "$findings" ] || fail "$*: found:"$'\n'"$findings"
}

expect_clean 0 list --inactive --volumes vm1 /off/
expect_clean 0 list --json --inactive --volumes
expect_clean 0 list "$(host_virsh domuuid vm1 | head -n 1)"
expect_clean 0 xml vm1
expect_clean 0 xml off
expect_clean 0 vol-xml pool top.qcow2
expect_clean 0 explain vm1 vda
expect_clean 0 check --warning 1 --critical 99%
expect_clean 1 xml nothing
expect_clean 1 vol-xml pool nothing
expect_clean 1 explain vm1 vdb
expect_clean 2 xml
