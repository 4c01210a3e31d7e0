#!/bin/bash
# One hypervisor sends to several receivers at once. Signed, all arrives. With another
# password, or with less than is asked for, nothing does, and the log says why. A receiver
# that has collectd's own types alone loses those of virt_backing.db, and says so.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=network.sh
. "$(dirname "$0")/network.sh"

requires_plugin
requires_network
export HOST_INTERVAL=0.5
test_start_host
sender=$HOST_DIR
servers=''

# Start a receiver and add a server to what the sender will have; the folder is in $NAME:
#   receiver NAME SENDER-LEVEL PASSWORD RECEIVER-LEVEL [stock]
receiver() {
    local port
    port=$(free_udp_port)
    start_receiver "$port" "${@:4}"
    declare -g "$1=$HOST_DIR"
    servers+=$'\n'$(sender_conf "$port" "$2" "$3")
}

# expect_refused WHAT DIR LOG-PATTERN
expect_refused() {
    host_switch "$2"
    host_poll 40 log_has "$3" || true
    expect_success "$1: what is said of it" log_has "$3"
    expect_equal "$1: what arrived" "" "$(host_series)"
}

receiver signed Sign change-me Sign
receiver guessed Encrypt guess Encrypt
receiver forged Sign guess Sign
receiver no_more_than_signed Sign change-me Encrypt
receiver plain None change-me Sign
receiver stock Encrypt change-me Encrypt stock

host_switch "$sender"
host_make_image "$HOST_DIR/a.qcow2" qcow2 64M
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/a.qcow2"
HOST_COLLECTD_EXTRA=$servers host_start_collectd
host_wait_cycle
host_stop_collectd

host_switch "${signed:?}"
host_poll 40 same_samples "$sender" || true
expect_equal "signed: what was sent and not received" "" "$(samples_differ "$sender")"
expect_quiet_log

expect_refused "encrypted, wrong password" "${guessed:?}" 'network plugin: Checksum mismatch\. Username: hv1'
expect_refused "signed, wrong password" "${forged:?}" 'signature failed: Hash mismatch\. Username: hv1'
expect_refused "signed, not encrypted" "${no_more_than_signed:?}" 'Unencrypted packet or part has been ignored'
expect_refused "neither" "${plain:?}" 'Unsigned packet or part has been ignored'

# The rest is there, and each value that is not has a line in the log.
lost_at_stock() {
    samples_differ "$sender" | sed -n 's/^< //p'
}
log_has_lost() {
    [ "$(log_count 'Dataset not found: disk_headroom .*check your types.db!')" = \
        "$(grep -c '/disk_headroom-' <(all_samples "$sender"))" ]
}
host_switch "${stock:?}"
host_poll 40 log_has_lost || true
expect_success "stock types: a line for each lost value" log_has_lost
expect_equal "stock types: series that are lost" vm1/virt_backing-vda/disk_headroom-layer0 \
    "$(lost_at_stock | cut -d' ' -f1 | uniq)"
expect_equal "stock types: what is otherwise" "" "$(samples_differ "$sender" | grep '^>' || true)"
