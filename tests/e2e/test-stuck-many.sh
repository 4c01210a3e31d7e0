#!/bin/bash
# A storage outage: 20 of 25 VMs, all on one mount, do not answer. The other five
# miss one cycle at the most, no more than three calls are outstanding, and
# threads and file descriptors do not grow. When the storage is back all are
# reported again.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
requires_root
export HOST_INTERVAL=1
test_start_host_after host_make_tmpfs dead

dead=()
live=()
for ((i = 1; i <= 25; i++)); do
    if ((i % 5 == 0)); then
        live+=("live$i")
        stuck_start_vms "$HOST_DIR" "live$i"
    else
        dead+=("dead$i")
        stuck_start_vms "$HOST_DIR/dead" "dead$i"
    fi
done

host_start_collectd 'Timeout 0.5'
host_wait_cycle
expect_value "domains" 25 $self/count-domains
expect_value "stalled" 0 $self/count-stalled
stuck_stop "${dead[@]}"
wait_until 40 stuck_value $self/count-stalled 20
resources() {
    find "/proc/$HOST_COLLECTD_PID/fd" "/proc/$HOST_COLLECTD_PID/task" -mindepth 1 -maxdepth 1 | wc -l
}
# By then each lane to libvirt has been used.
sleep 5
before=$(resources)
# Each connection has one call under way at a time.
connections=$(awk '$6 == "03"' /proc/net/unix | grep -c "$HOST_DIR/sock/libvirt-sock")
expect_seconds "connections to libvirtd" 1 3 "$connections"
sleep 15
expect_value "domains, in the outage" 25 $self/count-domains
expect_value "stalled, in the outage" 20 $self/count-stalled
for vm in "${live[@]}"; do
    expect_gap "$vm: the longest gap" 5 "$vm/virt_backing-vda/disk_capacity-layer0"
done
expect_equal "threads and descriptors" "$before" "$(resources)"
expect_seconds "lines of those that are stuck" 1 2 "$(log_count 'does not answer')"

stuck_continue "${dead[@]}"
wait_until 40 stuck_value $self/count-stalled 0
host_wait_cycle
for vm in "${dead[@]}" "${live[@]}"; do
    expect_value "$vm is fresh" 0 "$vm/virt_backing/duration-stale"
done
for vm in "${live[@]}"; do
    expect_gap "$vm: the longest gap, to the end" 5 "$vm/virt_backing-vda/disk_capacity-layer0"
done
expect_equal "lines come in pairs" "$(log_count 'does not answer')" "$(log_count 'answers again')"
