#!/bin/bash
# What a cycle costs: one call to libvirt in a steady state, however many domains
# and disks there are; one more for the XML of a domain that changed; and one more
# for each domain after RefreshInterval.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.3
mark=hypervisor/virt_backing/count-calls

requires_plugin
test_start_host

for vm in vm1 vm2 vm3; do
    host_make_image "$HOST_DIR/$vm.raw" raw 4M
    host_make_image "$HOST_DIR/$vm.qcow2" qcow2 - "$HOST_DIR/$vm.raw" raw
    host_make_image "$HOST_DIR/$vm-b.raw" raw 3M
    host_start_vm "$vm" "vda:qcow2:file:$HOST_DIR/$vm.qcow2" "vdb:raw:file:$HOST_DIR/$vm-b.raw"
done
host_make_image "$HOST_DIR/new.raw" raw 5M

# Print what each cycle so far has cost: "4 1 1 1 "
cycle_costs() {
    cat "$HOST_DIR/csv/$mark"-[0-9]* | sed -n 's/^[0-9.]*,\([0-9]*\)\..*/\1/p' | tr '\n' ' '
}

# Print how many cycles there were.
cycle_count() {
    cycle_costs | wc -w
}

# wait_cycles COUNT
wait_cycles() {
    local i
    for ((i = 0; i < $1; i++)); do
        host_wait_fresh "$mark"
    done
}

host_start_collectd 'RefreshInterval 3600'
wait_cycles 6
expect_success "first the XML of three domains, and each looked up and asked for a job; then one call a cycle: $(cycle_costs)" \
    test_match '10 (1 )+' "$(cycle_costs)"

before=$(cycle_count)
host_plug_disk vm2 "sda:raw:file:$HOST_DIR/new.raw"
wait_cycles 4
expect_value "new disk" "$(truth_length "$HOST_DIR/new.raw")" vm2/virt_backing-sda/disk_capacity-layer0
costs=$(cycle_costs | cut -d' ' -f$((before + 1))-)
expect_success "a new disk: the XML of that domain, and its job, once: $costs" test_match '(1 )*4 (1 )+' "$costs"
expect_quiet_log

host_stop_collectd
rm -r "$HOST_DIR/csv"

# Print in milliseconds from the start on when cycles cost more than a call.
refreshes() {
    sed -n 's/,[02-9].*//p' "$HOST_DIR/csv/$mark"-[0-9]* | tr -d . | awk -v start="$start" '{ print $1 - start }'
}
refreshed_often() {
    [ "$(refreshes | wc -l)" -ge 5 ]
}

start=$(host_now)
host_start_collectd 'RefreshInterval 2' 'BlockJobs false'
wait_until 60 refreshed_often
wait_cycles 1
expect_success "three more calls now and then: $(cycle_costs)" test_match '4 (1 )+(4 (1 )+){4,}' "$(cycle_costs)"
# Two seconds are counted from the beginning of a cycle, which a slow machine ends late.
expect_equal "refreshes that came too early" "" "$(refreshes | awk '$1 < 2000 * (NR - 1)')"
soonest=$(refreshes | awk 'NR > 1 { print $1 - last } { last = $1 }' | sort -n | head -n 1)
expect_success "and $soonest ms after the one before" [ "$soonest" -le 2700 ]
expect_quiet_log
