# shellcheck shell=bash
# cli.sh - virt-backing, the command line tool, in tests. Source it after
# functions.sh.

CLI=$(cd "$BUILD_DIR" && pwd)/tools/virt-backing
CLI_ENVIRONMENT=()
CLI_STATUS=0

requires_cli() {
    requires host_require_libvirt
    [ -x "$CLI" ] || skip "there is no virt-backing in BUILD_DIR"
}

# As test_start_host, for cli.
cli_start_host() {
    test_start_host
    mapfile -t CLI_ENVIRONMENT < <(host_sanitizer_environment)
}

# cli WORD...: the tool, on the libvirt of the test
cli() {
    env "${CLI_ENVIRONMENT[@]}" "$CLI" --connect "$HOST_URI_RO" "$@"
}

# The same, with CLI_STATUS as its exit status and $HOST_DIR/out and err as what
# it has written.
cli_try() {
    CLI_STATUS=0
    cli "$@" >"$HOST_DIR/out" 2>"$HOST_DIR/err" </dev/null || CLI_STATUS=$?
}

# expect_cli WHAT STATUS REGEX WORD...: it ends like that, and its stderr fits
expect_cli() {
    local what=$1 status=$2 regex=$3
    shift 3
    cli_try "$@"
    expect_equal "$what: exit status" "$status" "$CLI_STATUS"
    expect_success "$what: stderr is like $regex: $(cat "$HOST_DIR/err")" \
        test_match "$regex" "$(cat "$HOST_DIR/err")"
}

# Print what an XPath expression finds: xpath FILE EXPRESSION
xpath() {
    xmllint --xpath "string($2)" "$1"
}

# Print mode, owner and group of a file, its times and its three sizes, one a
# line, as the RFC's elements have them: truth_elements FORMAT FILE
truth_elements() {
    truth_virtual_size "$1" "$2"
    truth_du "$2"
    truth_length "$2"
    stat -L -c '%04a%n%u%n%g' "$2" | sed "s|$2|\n|g"
    for time in X Y Z; do
        stat -L -c "%.9$time" "$2"
    done
}

# Print the same as an element has it: xml_elements FILE XPATH
xml_elements() {
    local element
    for element in capacity allocation physical permissions/mode permissions/owner \
        permissions/group timestamps/atime timestamps/mtime timestamps/ctime; do
        xpath "$1" "$2/$element"
    done
}
