#!/bin/bash
# A VM that another client of libvirt is asking just now gives no sizes: virt-backing
# asks again until it has them, within its timeout, and says so where it stays busy.
# One that does not answer is told from it.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
cli_start_host
stuck_start_vms "$HOST_DIR" vm1 vm2
image=$HOST_DIR/vm1.qcow2
true_sizes="8388608 $(truth_du "$image") $(truth_length "$image")"

occupied() {
    host_virsh domcontrol vm1 | grep '^occupied' >/dev/null
}

# Another client asks vm1, and has its answer when vm1 goes on.
make_busy() {
    stuck_signal STOP vm1
    host_virsh domblkstat vm1 vda >/dev/null &
    client=$!
    wait_until 40 occupied
}

# busy_for SECONDS WORD...: cli_try, while vm1 is busy for so long
busy_for() {
    local seconds=$1
    shift
    make_busy
    (sleep "$seconds"; stuck_continue vm1) &
    cli_try "$@"
    wait $! $client
}

stuck_stop vm1
stuck_continue vm1
busy_for 1 --timeout 20 --bytes
expect_equal "list" "$true_sizes" "$(sed -nE "s|.* qcow2 file +([0-9]+) +([0-9]+) +([0-9]+) .* $image\$|\1 \2 \3|p" "$HOST_DIR/out")"
busy_for 1 --timeout 20 check --warning 1
expect_equal "check: exit status" 0 "$CLI_STATUS"
busy_for 1 --timeout 20 xml vm1
expect_equal "xml: exit status" 0 "$CLI_STATUS"
expect_equal "xml" "$true_sizes" "$(for name in capacity allocation physical; do
    xpath "$HOST_DIR/out" "/domain/devices/disk/$name"
done | paste -sd ' ')"

# busy WORD...: cli_try, while it stays busy
busy() {
    make_busy
    cli_try --timeout 4.5 "$@"
    stuck_continue vm1
    wait $client
}

busy
expect_success "longer than the timeout: $(grep vm1 "$HOST_DIR/out")" \
    grep -qE '^vm1 gives no sizes: it is busy(, for [0-9]+ s)?$' "$HOST_DIR/out"
expect_equal "the other one" 1 "$(grep -c "layer0 .*$HOST_DIR/vm2.qcow2" "$HOST_DIR/out")"
busy xml vm1
expect_equal "its XML: exit status" 1 "$CLI_STATUS"
expect_equal "its XML: stderr" 'virt-backing: domain "vm1" gives no sizes: it is busy' "$(cat "$HOST_DIR/err")"

# --- one that does not answer is not called busy ---

for command in "xml vm1" "explain vm1 vda"; do
    stuck_signal STOP vm1
    # shellcheck disable=SC2086 # words are meant to be split
    cli_try --timeout 15 $command
    expect_equal "$command: exit status" 1 "$CLI_STATUS"
    expect_equal "$command: stderr" 'virt-backing: domain "vm1" does not answer' "$(tail -n 1 "$HOST_DIR/err")"
    stuck_continue vm1
    expect_success "the calls that hung are over" cli --timeout 20 check --warning 1 >/dev/null
done
