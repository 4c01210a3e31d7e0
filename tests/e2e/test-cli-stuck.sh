#!/bin/bash
# A QEMU or a libvirtd that hangs does not hang virt-backing: each command ends
# within its timeout and a moment, shows the others, and says who it is.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
cli_start_host
stuck_start_vms "$HOST_DIR" vm1 vm2 vm3

# Long enough for those that do not hang.
timeout=4.5

# expect_in_time WHAT STATUS WORD...
expect_in_time() {
    local what=$1 status=$2 begin
    shift 2
    begin=$(host_now)
    cli_try --timeout $timeout "$@"
    expect_success "$what: in time" [ $(($(host_now) - begin)) -lt 60000 ]
    expect_equal "$what: exit status" "$status" "$CLI_STATUS"
}

# expect_text WHAT FILE TEXT
expect_text() {
    expect_success "$1: $3" grep -qF -- "$3" "$HOST_DIR/$2"
}

# Storage that hangs for twenty seconds, by strace's hand: what only stat and the like
# can say is missing, and the exit status tells.
if command -v strace >/dev/null; then
    host_virsh pool-create-as pool dir --target "$HOST_DIR" >/dev/null
    for words in "xml vm1" "vol-xml pool vm1.qcow2"; do
        status=0
        # shellcheck disable=SC2086 # words are meant to be split
        ASAN_OPTIONS=detect_leaks=0 strace -qq -f -o /dev/null -e trace=getxattr \
            -e inject=getxattr:delay_enter=20000000 "$CLI" --connect "$HOST_URI_RO" --timeout 6 $words \
            >"$HOST_DIR/out" 2>"$HOST_DIR/err" || status=$?
        expect_equal "$words, storage hangs: exit status" 1 "$status"
        expect_equal "one line says so" \
            "virt-backing: the images' storage does not answer: no permissions, timestamps and features" \
            "$(grep -v "^strace:" "$HOST_DIR/err")"
        expect_text "$words: what is known is there" out '<capacity unit="bytes">8388608</capacity>'
    done
fi

stuck_stop vm2
expect_in_time list 0 list -b
expect_text list out 'vm2 does not answer'
for vm in vm1 vm3; do
    expect_text list out " 8388608 $(printf '%15s' "$(truth_du "$HOST_DIR/$vm.qcow2")")"
done
expect_in_time json 0 --json
expect_equal "json: who answers" "true false true" "$(sed -n 's/^ *"answered":\(.*\),/\1/p' "$HOST_DIR/out" | paste -sd ' ')"
expect_text json out '"complete":false,'
expect_in_time "json, another one" 0 --json vm1
expect_text "json, another one" out '"complete":true,'
expect_in_time check 3 check --warning 1
# Calls of before still wait for it: to libvirt it is busy then.
expect_success "check: who it is" \
    grep -qE 'VIRT-BACKING UNKNOWN - vm2 (does not answer|gives no sizes: it is busy) \|' "$HOST_DIR/out"
expect_in_time "xml" 1 xml vm2
expect_text "xml" err 'domain "vm2"'
expect_in_time "xml of another one" 0 xml vm1
expect_in_time "explain" 1 explain vm2 vda
expect_text "explain" err 'domain "vm2"'
expect_in_time "explain, another one" 0 explain vm3 vda

timeout=1.5
stuck_stop_daemon
expect_in_time "libvirtd hangs, list" 1 list
expect_in_time "libvirtd hangs, check" 3 check --warning 1
expect_in_time "libvirtd hangs, xml" 1 xml vm1
expect_text "libvirtd hangs" err 'virt-backing: '
stuck_continue_daemon
stuck_continue vm2
