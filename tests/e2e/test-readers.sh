#!/bin/bash
# Readers: as many calls side by side, over parts of the domains. Every domain is
# reported in every cycle, and each call is one more list.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=0.5
test_start_host

# calls_are N: in the last cycle; on a busy machine one may have come late
calls_are() {
    [ "$(host_value $self/count-calls)" = "$1" ]
}

# Domains fall to one part or the other by their UUID: with these each has some.
vms=(vm1 vm2 vm3 vm4 vm5 vm6)
for vm in "${vms[@]}"; do
    host_make_image "$HOST_DIR/$vm.qcow2" qcow2 8M
    host_define_vm "$vm" "vda:qcow2:file:$HOST_DIR/$vm.qcow2"
    host_virsh dumpxml "$vm" | sed "s|<uuid>.*</uuid>|<uuid>00000000-0000-0000-0000-00000000000${vm#vm}</uuid>|" \
        >"$HOST_DIR/$vm.xml"
    host_virsh undefine "$vm" >/dev/null
    host_virsh define "$HOST_DIR/$vm.xml" >/dev/null
    host_start_vm "$vm"
done
for readers in 1 2; do
    host_start_collectd "Readers $readers" 'RefreshInterval 1000'
    host_wait_cycle
    host_wait_cycle
    expect_value "Readers $readers: domains" 6 $self/count-domains
    host_poll 40 calls_are $((readers == 1 ? 1 : 4)) || true
    expect_value "Readers $readers: calls" $((readers == 1 ? 1 : 4)) $self/count-calls
    for vm in "${vms[@]}"; do
        expect_value "Readers $readers: $vm" 8388608 "$vm/virt_backing-vda/disk_capacity-layer0"
        expect_value "Readers $readers: $vm is fresh" 0 "$vm/virt_backing/duration-stale"
    done
    expect_quiet_log
    host_stop_collectd
    rm -r "$HOST_DIR/csv"
done
