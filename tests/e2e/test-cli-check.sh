#!/bin/bash
# virt-backing check: exit statuses 0 to 3 as Nagios wants them, what is beyond a
# limit in one line, and the true headroom of each layer as performance data.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_cli
requires_loop
cli_start_host

expect_check "no machine" 0 "VIRT-BACKING OK - no domain runs at $HOST_URI_RO" --warning 4G
# Any user but root has a libvirt of its own by default, with no machine.
if [ "$HOST_MODE" = system ]; then
    mkdir -p "$HOST_DIR/config/libvirt"
    echo "uri_default = \"$HOST_URI_RO\"" >"$HOST_DIR/config/libvirt/libvirt.conf"
    status=0
    said=$(env -u LIBVIRT_DEFAULT_URI "${CLI_ENVIRONMENT[@]}" XDG_CONFIG_HOME="$HOST_DIR/config" \
        setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$CLI" check --warning 4G) || status=$?
    expect_equal "no machine at a user's default" "3 VIRT-BACKING UNKNOWN - no domain runs at this user's \
default connection; that of the system is -c qemu:///system |" "$status $said"
fi

device=$(host_make_loop 16M)
host_make_image "$device" qcow2 32M
qemu-io -f qcow2 -c 'write 0 12M' "$device" >/dev/null
host_make_image "$HOST_DIR/file.qcow2" qcow2 8M
host_make_image "$HOST_DIR/odd.qcow2" qcow2 8M
host_start_vm vm1 "vda:qcow2:block:$device" "vdb:qcow2:file:$HOST_DIR/file.qcow2"
host_start_vm "it's | a=b" "vda:qcow2:file:$HOST_DIR/odd.qcow2"
left=$(($(truth_device_size "$device") - $(truth_image_end "$device")))
used=$(awk "BEGIN { printf \"%.0f\", 100 - 100 * $left / 16777216 }")
said="vm1 vda layer0: $(awk "BEGIN { printf \"%.1fM\", $left / 1048576 }") left ($used% used)"

limit=$((left - 1))
expect_check "well" 0 "VIRT-BACKING OK - 3 layers have room, the least: $said" --warning $limit --critical 1M
expect_equal "performance data" "'it''s _ a_b vda layer0'=8388608B;$limit:;1048576:;0 \
'vm1 vda layer0'=${left}B;$limit:;1048576:;0 'vm1 vdb layer0'=8388608B;$limit:;1048576:;0" \
    "$(sed 's/.* | //' "$HOST_DIR/out")"
expect_check "at the limit" 0 "VIRT-BACKING OK - 2 layers have room, the least: $said" --warning $left vm1
expect_check "warning" 1 "VIRT-BACKING WARNING - $said" --warning $((left + 1)) --critical 1M
expect_check "critical" 2 "VIRT-BACKING CRITICAL - $said" --warning $((left + 1)) --critical $((left + 1)) vm1
expect_check "by percent" 2 "VIRT-BACKING CRITICAL - $said" --warning 50% --critical $((used - 1))%
expect_equal "without limits" "'vm1 vda layer0'=${left}B;;;0" "$(grep -o "'vm1 vda[^']*'=[^ ]*" "$HOST_DIR/out")"
expect_check "by both" 1 "VIRT-BACKING WARNING - $said" --warning 50% --critical 1M
# The two on files can't run out, however small they are.
expect_check "in each unit" 2 "VIRT-BACKING CRITICAL - $said" --critical 1T
expect_check "not there" 3 "VIRT-BACKING UNKNOWN - no domain vm2 runs" --warning 1 vm1 vm2
expect_check "an expression that fits none" 3 "VIRT-BACKING UNKNOWN - no domain /nothing/ runs" --warning 1 '/nothing/'
expect_check "what is wrong is worse than what is not known" 2 "VIRT-BACKING CRITICAL - $said" --critical 6M vm1 vm2 '/nothing/'
expect_cli "no limit" 3 'virt-backing: check: --warning or --critical is missing; .*' check
expect_cli "a bad one" 3 'virt-backing: option --warning: "2X" is not allowed; .*' check --warning 2X
# Who does not answer is said, too.
host_make_image "$HOST_DIR/hangs.qcow2" qcow2 8M
host_start_vm hangs "vda:qcow2:file:$HOST_DIR/hangs.qcow2"
stuck_stop hangs
cli_try --timeout 3 check --critical 6M
expect_equal "one hangs, and another is beyond its limit" 2 "$CLI_STATUS"
expect_success "it says both: $(cat "$HOST_DIR/out")" test_match \
    "VIRT-BACKING CRITICAL - vm1 vda layer0: .* left .*; hangs (does not answer|gives no sizes: it is busy) \\|.*" \
    "$(cat "$HOST_DIR/out")"
stuck_continue hangs
host_stop_libvirtd
expect_check "no libvirtd" 3 "VIRT-BACKING UNKNOWN - libvirt does not answer" --warning 1
