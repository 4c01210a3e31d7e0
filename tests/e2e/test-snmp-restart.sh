#!/bin/bash
# snmpd, collectd and virt-backing-snmp start in any order, are restarted in any
# order, and are killed: the table is there again by itself, the same, and never
# one of a collectd that does not run.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=snmp.sh
. "$(dirname "$0")/snmp.sh"

requires_plugin
requires_snmp
export HOST_INTERVAL=0.5
test_start_host

host_make_image "$HOST_DIR/a.qcow2" qcow2 8M
host_make_image "$HOST_DIR/b.qcow2" qcow2 - "$HOST_DIR/a.qcow2" qcow2
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/b.qcow2"
table=$(truth_snmp_row vm1 vda layer0 qcow2 "$HOST_DIR/b.qcow2"
    truth_snmp_row vm1 vda layer1 qcow2 "$HOST_DIR/a.qcow2")
state_file="StateFile \"$HOST_DIR/state\""

agent_says() {
    grep -F "$1" "$HOST_DIR/agent.log" >/dev/null
}

# collectd ends at once, without a word.
kill_collectd() {
    kill -KILL "$HOST_COLLECTD_PID"
    wait "$HOST_COLLECTD_PID" 2>/dev/null || true
    HOST_COLLECTD_PID=
}

# The subagent before all others, collectd last.
snmp_prepare
snmp_start_agent
wait_until 40 agent_says 'waiting for snmpd'
wait_until 40 agent_says 'state is not there'
snmp_start_master
sleep 1
expect_nothing "no collectd yet"
host_start_collectd "$state_file"
expect_table "subagent, snmpd, collectd" "$table"

# A test of the configuration, which reads once and ends, beside the daemon.
test_configuration() {
    local -a sanitizer
    mapfile -t sanitizer < <(host_sanitizer_environment)
    host_detached env "${sanitizer[@]}" "$(host_find_collectd)" -T -C "$HOST_DIR/collectd.conf" \
        -P "$HOST_DIR/other.pid" </dev/null >>"$HOST_DIR/collectd.err" 2>&1
}

# The daemon stands still meanwhile, as in a long interval: it would write the file again.
kill -STOP "$HOST_COLLECTD_PID"
expect_success "collectd -T" test_configuration
expect_success "it leaves the state file" [ -s "$HOST_DIR/state" ]
kill -CONT "$HOST_COLLECTD_PID"
expect_table "after collectd -T" "$table"

snmp_stop_master
snmp_start_master
expect_table "snmpd restarted" "$table"
host_restart_collectd
expect_table "collectd restarted" "$table"
snmp_stop_agent
expect_nothing "no subagent"
snmp_start_agent
expect_table "subagent restarted" "$table"

# One while the other is away.
snmp_stop_master
host_stop_collectd
snmp_start_master
sleep 6
expect_nothing "snmpd is back, collectd not"
host_launch_collectd
expect_table "both are back" "$table"
host_stop_collectd
expect_nothing "collectd has ended"
snmp_stop_master
host_launch_collectd
snmp_start_master
expect_table "both are back, the other way round" "$table"

# A libvirt that does not answer is not a host without machines.
host_stop_libvirtd
expect_nothing "libvirtd has ended"
host_start_libvirtd
expect_table "libvirtd is back" "$table"

# Without a chance to say anything.
kill_collectd
expect_success "a collectd that was killed leaves its file" [ -s "$HOST_DIR/state" ]
expect_nothing "collectd has ended"
host_launch_collectd
expect_table "collectd is back after it was killed" "$table"
kill -KILL "$SNMP_MASTER_PID"
snmp_stop_master
snmp_start_master
expect_table "snmpd is back after it was killed" "$table"
kill -KILL "$SNMP_AGENT_PID"
wait "$SNMP_AGENT_PID" 2>/dev/null || true
snmp_start_agent
expect_table "the subagent is back after it was killed" "$table"
snmp_stop_agent
