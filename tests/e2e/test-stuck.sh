#!/bin/bash
# A VM whose QEMU does not answer (SIGSTOP) costs the others one cycle at the most.
# Its sizes stop, duration-stale tells for how long, count-stalled how many there
# are; one line when it gets stuck, with its disks and storage, and one when it
# answers again. One that is destroyed while it is stuck is gone.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
export HOST_INTERVAL=0.5
test_start_host

stuck_start_vms "$HOST_DIR" vm1 vm2 vm3
host_start_collectd 'Timeout 1'
host_wait_cycle
expect_value "stalled" 0 $self/count-stalled
expect_value "vm2 is fresh" 0 vm2/virt_backing/duration-stale

stuck_stop vm2
wait_until 40 log_has 'domain "vm2" does not answer: vda on '"$HOST_DIR"'/vm2.qcow2; .*storage.*: 2$'
host_wait_cycle
expect_value "stalled, while stuck" 1 $self/count-stalled
expect_value "domains, while stuck" 3 $self/count-domains
last=$(host_sample_time vm2/virt_backing-vda/disk_capacity-layer0)
sleep 5
host_wait_fresh vm2/virt_backing/duration-stale
expect_equal "no sizes of vm2 any more" "$last" \
    "$(host_sample_time vm2/virt_backing-vda/disk_capacity-layer0)"
expect_seconds "vm2 is stale" 5 60 "$(host_value vm2/virt_backing/duration-stale)"
for vm in vm1 vm3; do
    expect_value "$vm is fresh" 0 $vm/virt_backing/duration-stale
    expect_gap "$vm: the longest gap" 8 $vm/virt_backing-vda/disk_capacity-layer0
done

stuck_continue vm2
host_wait_fresh vm2/virt_backing-vda/disk_capacity-layer0
wait_until 40 log_has 'domain "vm2" answers again'
host_wait_cycle
expect_value "stalled, afterwards" 0 $self/count-stalled
expect_value "vm2 is fresh again" 0 vm2/virt_backing/duration-stale

stuck_stop vm2
wait_until 40 stuck_value $self/count-stalled 1
# libvirt sends a signal, and another after ten seconds; meanwhile it lists its
# domains to nobody.
host_destroy_vm vm2
for vm in vm1 vm3; do
    expect_gap "$vm: the longest gap, to the end of vm2" 10 $vm/virt_backing-vda/disk_capacity-layer0
done
wait_until 40 stuck_value $self/count-domains 2
host_wait_cycle
expect_value "stalled, after it was destroyed" 0 $self/count-stalled
host_wait_cycle
expect_series_absent vm2/virt_backing/duration-stale
expect_log 2 'domain "vm2" does not answer'
expect_log 1 'domain "vm2" answers again'
