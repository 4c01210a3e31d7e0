# shellcheck shell=bash
# functions.sh - what every end-to-end test stands on. A test is a script of one
# behaviour:
#
#   #!/bin/bash
#   # What must hold, in a sentence or two.
#   . "$(dirname "$0")/functions.sh"
#   requires_plugin                   # and requires_loop, requires ...
#   test_start_host                   # a private libvirtd, $HOST_DIR
#   ...host_make_image, host_start_vm, host_start_collectd, host_wait_cycle...
#   expect_value "allocation of the top layer" "$(truth_du FILE)" SERIES
#
# It ends with 0 (passed), 77 (skipped, the reason on the last line) or anything
# else (failed). The truth comes from stat, du, qemu-img and blockdev, never from
# the code under test. The host and all in it goes away when the script ends;
# KEEP=1 keeps its folder. BUILD_DIR says where the plugin was built; default:
# the top of this tree.

# Under pipefail `COMMAND | grep -q` fails where grep ends before COMMAND has
# written all: write `| grep ... >/dev/null`.
set -eu -o pipefail

TEST_NAME=$(basename "$0" .sh)
TEST_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TEST_FAILURES=0
# No test fails for want of a fast machine: what is slow is waited for, save where that is
# what a test is about (hang.sh).
export HOST_TIMEOUT=20
: "${BUILD_DIR:=$TEST_TOP}"
: "${HOST_PLUGIN_DIR:=$(cd "$BUILD_DIR" && pwd)/plugin/.libs}"

# shellcheck source-path=SCRIPTDIR source=../../scripts/lib/host.sh
. "$TEST_TOP/scripts/lib/host.sh"

# --- what a test needs ---

# End the test as skipped.
skip() {
    echo "skipped: $*"
    exit 77
}

# Skip unless a command succeeds: requires COMMAND... The command says why not.
requires() {
    local reason
    reason=$("$@" 2>&1) || skip "${reason:-$* fails here}"
}

requires_program() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

requires_root() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
}

# A private libvirtd, QEMU and collectd, and the plugin.
requires_plugin() {
    requires host_require_libvirt
    requires host_require_collectd
}

requires_loop() {
    requires host_require_loop
}

# Print a port on which nobody listens.
free_udp_port() {
    free_port --udp
}

free_tcp_port() {
    free_port --tcp
}

free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        ss -Hln "$1" "sport = :$port" | grep . >/dev/null || break
    done
    echo "$port"
}

# Print the folder of collectd's own plugins.
collectd_folder() {
    "$(host_find_collectd)" -h | sed -n 's/^ *Plugin directory *//p'
}

# Print the path of collectd's own types.db, which is compiled in.
collectd_types() {
    grep -aoE '/[[:print:]]+/types\.db' "$(host_find_collectd)" | head -n 1
}

# Make the host of this test and start its libvirtd.
test_start_host() {
    test_start_host_after true
}

# The same; before libvirtd is started a command is run: test_start_host_after COMMAND...
test_start_host_after() {
    host_create
    trap test_end EXIT
    "$@"
    host_start_libvirtd
}

# At the end of a test: a test with a failed expectation fails, and a failed
# test shows the logs.
test_end() {
    local status=$?
    set +e
    host_each test_end_collectd
    if [ $status -eq 0 ] && [ "$TEST_FAILURES" -gt 0 ]; then
        status=1
    fi
    if [ $status -ne 0 ] && [ $status -ne 77 ]; then
        host_each test_show_logs
    fi
    host_cleanup $status
}

# A test fails, too, when collectd ends badly, or with findings of sanitizers.
test_end_collectd() {
    local findings
    if [ -n "$HOST_COLLECTD_PID" ]; then
        host_stop_collectd
        [ "$HOST_COLLECTD_STATUS" -eq 0 ] || fail "collectd ended with status $HOST_COLLECTD_STATUS"
    fi
    findings=$(host_sanitizer_findings)
    [ -z "$findings" ] || fail "sanitizers found:"$'\n'"$findings"
}

# Was the plugin built with AddressSanitizer?
test_is_sanitized() {
    [ -n "$(host_plugin_library libasan)" ]
}

test_show_logs() {
    local file
    for file in "$HOST_DIR"/{collectd.log,collectd.err,libvirtd.log,libvirtd.err,nbd.err} \
        "$HOST_DIR"/log/qemu/*.log; do
        [ -s "$file" ] || continue
        echo "--- end of ${file#"$HOST_DIR"/}"
        tail -n 25 "$file"
    done
    echo "--- series"
    host_series | while IFS= read -r file; do
        echo "$file $(host_sample "$file" || true)"
    done
}

# --- expectations: the test goes on after one that is not met, and fails ---

# Note that something is not as it must be.
fail() {
    TEST_FAILURES=$((TEST_FAILURES + 1))
    echo "FAILED ${TEST_NAME}.sh$(test_line): $*"
}

# The lines of the test script that led here, as ":30:75".
test_line() {
    local frame
    for ((frame = ${#BASH_SOURCE[@]} - 1; frame > 0; frame--)); do
        [ "${BASH_SOURCE[frame]}" != "$0" ] || printf ':%s' "${BASH_LINENO[frame - 1]}"
    done
}

# expect_equal WHAT EXPECTED ACTUAL
expect_equal() {
    if [ "$2" = "$3" ]; then
        echo "ok: $1: $3"
    else
        fail "$1: expected '$2', found '$3'"
    fi
}

# expect_value WHAT EXPECTED SERIES: the series' newest value, which is not older than
# the cycle that was last waited for. What comes behind the cycle's mark, or from an image
# that is still being read, is waited for.
expect_value() {
    local actual late=''
    host_poll 40 host_series_after "$3" "$HOST_CYCLE" || late=", of an earlier cycle"
    actual=$(host_value "$3") || actual="no such series: $3"
    expect_equal "$1" "$2" "$actual$late"
}

# expect_layer WHAT PREFIX LAYER CAPACITY ALLOCATION PHYSICAL
# The three values of a layer, as in: expect_layer top vm1/virt_backing-vda
# layer0 ...; "-" where the value must not be reported.
expect_layer() {
    local type expected
    for type in capacity allocation physical; do
        case $type in
        capacity) expected=$4 ;;
        allocation) expected=$5 ;;
        physical) expected=$6 ;;
        esac
        if [ "$expected" = - ]; then
            expect_series_absent "$2/disk_$type-$3"
        else
            expect_value "$1: $type" "$expected" "$2/disk_$type-$3"
        fi
    done
}

# The series gets no values (any more): none has come since the last call of
# host_wait_cycle.
expect_series_absent() {
    if host_series_after "$1" "$HOST_CYCLE"; then
        fail "$1 must not be reported, found $(host_sample "$1")"
    else
        echo "ok: absent: $1"
    fi
}

# expect_no_series PATTERN: no series of that shape was ever seen
expect_no_series() {
    local found
    found=$(host_series "$1")
    if [ -n "$found" ]; then
        fail "no series like $1 may be there, found $(tr '\n' ' ' <<<"$found")"
    else
        echo "ok: none: $1"
    fi
}

# expect_soon WHAT EXPECTED COMMAND...: it prints that, now or within a while. What it
# printed last is compared: asked once more, it may print something else.
expect_soon() {
    host_poll 40 prints "${@:2}" || true
    expect_equal "$1" "$2" "$PRINTED"
}

# prints TEXT COMMAND...
prints() {
    PRINTED=$("${@:2}") || true
    [ "$PRINTED" = "$1" ]
}

# expect_success WHAT COMMAND...
expect_success() {
    local what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        fail "$what: $* failed"
    fi
}

# wait_until SECONDS COMMAND...: wait until it succeeds, or fail
wait_until() {
    host_poll "$@" || fail "not within $1 s: ${*:2}"
}

# True when an extended regular expression fits the whole text: test_match REGEX TEXT
test_match() {
    [[ "$2" =~ ^($1)$ ]]
}

# --- what collectd logged since its start ---

# How many lines match an extended regular expression.
log_count() {
    host_collectd_log | grep -cE -- "$1" || true
}

log_has() {
    [ "$(log_count "$1")" -gt 0 ]
}

# expect_log COUNT PATTERN
expect_log() {
    expect_equal "lines like '$2' in collectd's log" "$1" "$(log_count "$2")"
}

# Nothing worse than information was logged, and nothing went to stderr.
expect_quiet_log() {
    local lines
    # With the short intervals of the tests, a busy machine makes collectd say
    # that a read took longer than one, or that it is late itself.
    lines=$(host_collectd_log | grep -E '\[(error|warning)\]' |
        grep -vE 'which is above its read interval|Not sleeping because the next interval is') || true
    expect_equal "errors and warnings in collectd's log" "" "$lines"
    expect_quiet_stderr
}

# Nothing went to stderr, save what collectd says there before it has a log.
expect_quiet_stderr() {
    local lines
    lines=$(grep -v 'plugin_load: plugin "logfile" successfully loaded' "$HOST_DIR/collectd.err") || true
    expect_equal "collectd's stderr" "" "$lines"
}

# --- the truth, from others ---

# Bytes in use by a file: 512 x st_blocks.
truth_du() {
    echo $((512 * $(stat -L -c %b "$1")))
}

# Bytes that a writer finds free on the file system of a file.
truth_free() {
    df --output=avail -B 1 "$1" | tail -n 1 | tr -d ' '
}

# Length of a file.
truth_length() {
    stat -L -c %s "$1"
}

truth_device_size() {
    blockdev --getsize64 "$1"
}

# A number out of the JSON of qemu-img info: truth_image_info KEY FORMAT PATH
truth_image_info() {
    qemu-img info -U --output=json -f "$2" "$3" |
        sed -nE "s/^    \"$1\": ([0-9]+).*/\1/p" | head -n 1
}

# Size of the disk that an image shows: truth_virtual_size FORMAT PATH
truth_virtual_size() {
    truth_image_info virtual-size "$1" "$2"
}

# End of the highest cluster in use of a qcow2 image. QEMU holds metadata back:
# for an image in use call host_flush first.
truth_image_end() {
    qemu-img check -U -f qcow2 --output=json "$1" |
        sed -nE 's/^ *"image-end-offset": ([0-9]+).*/\1/p'
}
