#!/bin/bash
# A storage outage: virt-backing tells the VMs that do not answer from those that it
# did not ask, since they lie on the same storage, in each of its outputs; what lies
# elsewhere is shown.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_root
requires_json_schema
cli_start_host_after host_make_tmpfs dead

dead=(dead1 dead2 dead3 dead4 dead5)
stuck_start_vms "$HOST_DIR/dead" "${dead[@]}"
stuck_start_vms "$HOST_DIR" live

# All are asked in one call, which hangs for one of them; another one of that
# storage is tried by itself.
# expect_told WHAT: HOST_DIR/told tells that of all five, and of no other
expect_told() {
    local silent
    silent=$(grep -cE "^dead[1-5] does not answer" "$HOST_DIR/told") || true
    expect_seconds "$1: that do not answer" 1 3 "$silent"
    expect_equal "$1: that were not asked" $((5 - silent)) \
        "$(grep -cE "^dead[1-5] was not asked: it shares storage with one that does not answer" "$HOST_DIR/told")"
}

# What was asked before is answered, so that nobody else asks them any more.
stop_again() {
    stuck_continue "${dead[@]}"
    wait_until 40 all_answer
    stuck_signal STOP "${dead[@]}"
}

all_answer() {
    [ "$(cli | grep -c layer0)" = 6 ]
}

stuck_stop "${dead[@]}"
cli_try --timeout 12
expect_equal "list: exit status" 0 "$CLI_STATUS"
grep '^dead' "$HOST_DIR/out" >"$HOST_DIR/told"
expect_told list
expect_equal "list: what lies elsewhere" 1 "$(grep -c "layer0 .*$HOST_DIR/live.qcow2" "$HOST_DIR/out")"

stop_again
cli_try --timeout 12 --json
expect_success "json: it is of the schema's form" json_is_valid "$HOST_DIR/out"
python3 - "$HOST_DIR/out" >"$HOST_DIR/told" <<'EOS'
import json, sys
words = {None: 'is shown', 'silent': 'does not answer', 'busy': 'is busy',
         'not-asked': 'was not asked: it shares storage with one that does not answer'}
for domain in json.load(open(sys.argv[1]))['domains']:
    print(domain['name'], words[domain.get('reason')])
EOS
expect_told json
expect_equal "json: what lies elsewhere" 1 "$(grep -c '^live is shown' "$HOST_DIR/told")"

stop_again
cli_try --timeout 12 check --warning 1
expect_equal "check: exit status" 3 "$CLI_STATUS"
sed 's/ |.*//; s/.* - //; s/, /\n/g' "$HOST_DIR/out" >"$HOST_DIR/told"
expect_told check
expect_equal "check: what lies elsewhere" 1 "$(grep -c "| 'live vda layer0'=" "$HOST_DIR/out")"
