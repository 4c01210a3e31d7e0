#!/bin/bash
# Domains that start and vanish while collectd reads, ten times a second and with
# the XML read each time, are no error: nothing in the log, collectd lives, and
# each cycle has the samples of the domains that stay. One that comes back under its
# name has its series' names back.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.1
rounds=6

requires_plugin
test_start_host

for vm in steady persistent transient; do
    host_make_image "$HOST_DIR/$vm.raw" raw 3M
    host_make_image "$HOST_DIR/$vm.qcow2" qcow2 - "$HOST_DIR/$vm.raw" raw
done
host_make_image "$HOST_DIR/data.raw" raw 4M
host_start_vm steady "vda:qcow2:file:$HOST_DIR/steady.qcow2" "vdb:raw:file:$HOST_DIR/data.raw"
host_define_vm persistent "vda:qcow2:file:$HOST_DIR/persistent.qcow2"
host_vm_xml transient "vda:qcow2:file:$HOST_DIR/transient.qcow2" >"$HOST_DIR/transient.xml"

# come_and_go NAME COMMAND...: start a domain by virsh and destroy it, over and over
come_and_go() {
    local vm=$1 i
    shift
    for ((i = 0; i < rounds; i++)); do
        host_virsh "$@" >/dev/null
        host_wait_fresh "$vm/virt_backing-vda/disk_capacity-layer1"
        host_destroy_vm "$vm"
    done
}

# Print the times of a series' samples, save those of the first cycles and of the
# last: collectd ends with values that it has not written yet.
sample_times() {
    cat "$HOST_DIR/csv/$1"-[0-9]* | grep -v '^epoch' | cut -d, -f1 | tail -n +6 | head -n -5
}

host_start_collectd 'RefreshInterval 1'
host_wait_cycle
come_and_go persistent start persistent &
first=$!
come_and_go transient create "$HOST_DIR/transient.xml" &
second=$!
expect_success "a persistent domain came and went" wait $first
expect_success "a transient domain came and went, with another UUID each time" wait $second
# On a machine that is busy with other things there are fewer in that time.
many_cycles() {
    [ "$(sample_times hypervisor/virt_backing/count-domains | wc -l)" -gt $((5 * rounds)) ]
}
wait_until 40 many_cycles
host_wait_cycle
host_stop_collectd
expect_equal "collectd's exit status" 0 "$HOST_COLLECTD_STATUS"

sample_times hypervisor/virt_backing/count-domains >"$HOST_DIR/cycles"
expect_success "there were many cycles" [ "$(wc -l <"$HOST_DIR/cycles")" -gt $((5 * rounds)) ]
for series in vda/disk_{capacity,allocation,physical}-layer{0,1} vda/count-layers \
    vdb/disk_{capacity,allocation,physical}-layer0; do
    cat "$HOST_DIR/csv/steady/virt_backing-$series"-[0-9]* | cut -d, -f1 >"$HOST_DIR/samples"
    expect_equal "cycles without $series" "" \
        "$(grep -vxFf "$HOST_DIR/samples" "$HOST_DIR/cycles" | tr '\n' ' ')"
done
for vm in persistent transient; do
    expect_equal "$vm: its last sample before it vanished says two layers, too" "2.000000" \
        "$(cut -d, -f2 "$HOST_DIR/csv/$vm/virt_backing-vda"/count-layers-[0-9]* | grep -v '^value' | sort -u)"
done
expect_equal "hosts" "hypervisor persistent steady transient " \
    "$(find "$HOST_DIR/csv" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')"
# Nothing but that it is connected. collectd itself may say that a cycle took
# longer than the tenth of a second.
expect_log 1 ' virt_backing: '
expect_log 0 'ailed|suspend|\[error\]'
expect_quiet_stderr
