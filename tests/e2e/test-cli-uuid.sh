#!/bin/bash
# virt-backing takes a domain's UUID where its name is asked for, as virsh does;
# but a domain that has such a name goes first.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_cli
cli_start_host
for name in a b c; do
    host_make_image "$HOST_DIR/$name.qcow2" qcow2 8M
done
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/a.qcow2"
host_start_vm vm2 "vda:qcow2:file:$HOST_DIR/b.qcow2"
host_define_vm off "vda:qcow2:file:$HOST_DIR/c.qcow2"
uuid=$(host_virsh domuuid vm1 | head -n 1)
off=$(host_virsh domuuid off | head -n 1)

# Print the domains that a command shows, in one line.
shown() {
    cli "$@" | grep '^[^ ]' | paste -sd ' '
}

expect_equal "list" vm1 "$(shown list "$uuid")"
expect_equal "beside a name" "vm1 vm2" "$(shown list vm2 "$uuid")"
expect_equal "in capitals" vm1 "$(shown list "${uuid^^}")"
expect_equal "without hyphens" vm1 "$(shown list "${uuid//-/}")"
expect_equal "one that is off" "off (off)" "$(shown list --inactive "$off")"
expect_equal "json" '"name":"vm1",' "$(cli --json "$uuid" | sed -n 's/^      \("name":.*\)/\1/p')"
cli_try explain "$uuid" vda
expect_equal "explain" "vda layer0 (active): qcow2, file, $HOST_DIR/a.qcow2" "$(head -n 1 "$HOST_DIR/out" | sed 's/, vda\[.*//')"
cli_try xml "$off"
expect_equal "xml" "off $(truth_length "$HOST_DIR/c.qcow2")" \
    "$(xpath "$HOST_DIR/out" /domain/name) $(xpath "$HOST_DIR/out" /domain/devices/disk/physical)"
cli_try check --warning 1 "$uuid"
expect_success "check" grep -q "VIRT-BACKING OK - 1 layer .* 'vm1 vda layer0'=" "$HOST_DIR/out"

none=00000000-0000-4000-8000-000000000000
expect_cli "one that is not there" 1 "virt-backing: no domain \"$none\" runs; --inactive shows others" list "$none"
expect_cli "one that does not run" 1 'virt-backing: no domain "off" runs; --inactive shows others' list "$off"
expect_cli "xml of none" 1 "virt-backing: no domain \"$none\"" xml "$none"

# --- a name that is the UUID of another one ---

host_define_vm "$uuid" "vda:qcow2:file:$HOST_DIR/c.qcow2"
expect_equal "the name goes first" "$uuid (off)" "$(shown list --inactive "$uuid")"
cli_try explain "$uuid" vda
expect_equal "in explain, too" "vda layer0 (active): qcow2, file, $HOST_DIR/c.qcow2" "$(head -n 1 "$HOST_DIR/out")"

# --- libvirtd hangs ---

stuck_stop_daemon
for command in list 'check --warning 1'; do
    begin=$(host_now)
    # shellcheck disable=SC2086 # words are meant to be split
    cli_try --timeout 1.5 $command "$off"
    expect_success "$command: in time" [ $(($(host_now) - begin)) -lt 20000 ]
    expect_equal "$command: stderr" "virt-backing: libvirt does not answer" "$(cat "$HOST_DIR/err")"
done
expect_equal "check says so" "3 VIRT-BACKING UNKNOWN - libvirt does not answer" "$CLI_STATUS $(cat "$HOST_DIR/out")"
stuck_continue_daemon
