#!/bin/bash
# The series of a VM that is powered off stop; started again, the same series
# go on, whatever indexes libvirt gives its layers this time. Nothing of this
# is worth a line in the log.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

base=$HOST_DIR/base.qcow2
top=$HOST_DIR/top.qcow2
disk=vm1/virt_backing-vda
host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 3M' "$base" >/dev/null
host_make_image "$top" qcow2 - "$base" qcow2

expect_chain() {
    expect_layer "$1, top" "$disk" layer0 "$(truth_virtual_size qcow2 "$top")" \
        "$(truth_du "$top")" "$(truth_length "$top")"
    expect_layer "$1, base" "$disk" layer1 "$(truth_virtual_size qcow2 "$base")" \
        "$(truth_du "$base")" "$(truth_length "$base")"
}

host_start_vm vm1 "vda:qcow2:file:$top"
host_start_collectd
host_wait_cycle
expect_chain "first run"
host_series 'vm1/*' >"$HOST_DIR/first"

host_destroy_vm vm1
host_wait_cycle
while IFS= read -r series; do
    expect_series_absent "$series"
done <"$HOST_DIR/first"
expect_value "domains" 0 hypervisor/virt_backing/count-domains
expect_value "layers in all" 0 hypervisor/virt_backing/count-layers

host_start_vm vm1
host_write vm1 vda 10M 1M
host_flush vm1 vda
host_wait_cycle
expect_chain "second run"
expect_equal "series" "$(cat "$HOST_DIR/first")" "$(host_series 'vm1/*')"
expect_quiet_log
