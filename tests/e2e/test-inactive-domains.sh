#!/bin/bash
# InactiveDomains: a VM that is powered off is reported with its whole chain, files
# and devices, relative backing names and all; its series go on under the same
# names when it is started and when it is stopped, and end when it is undefined.
# It is looked at every InactiveInterval and sent in every cycle. A missing image
# ends its chain, with one line in the log. Without the option there are no such
# series.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

disk=vm1/virt_backing-vda
folder=$HOST_DIR/images
mkdir -p "$folder/lower"
device=$(host_make_loop 16M)
raw=$folder/lower/raw
base=$folder/lower/base.qcow2
top=$folder/top.qcow2

# raw <- base <- device <- top; the names in base and top are relative, which a
# link to the device allows.
host_make_image "$raw" raw 8M
qemu-io -f raw -c 'write 0 1M' "$raw" >/dev/null
(cd "$folder/lower" && host_make_image base.qcow2 qcow2 32M raw raw)
qemu-io -f qcow2 -c 'write 8M 2M' "$base" >/dev/null
host_make_image "$device" qcow2 40M "$base" qcow2
qemu-io -f qcow2 -c 'write 0 3M' "$device" >/dev/null
ln -s "$device" "$folder/lower/device"
(cd "$folder" && host_make_image top.qcow2 qcow2 48M lower/device qcow2)
qemu-io -f qcow2 -c 'write 0 1M' "$top" >/dev/null
# A chain whose end is missing.
host_make_image "$folder/gone.qcow2" qcow2 4M
host_make_image "$folder/left.qcow2" qcow2 - "$folder/gone.qcow2" qcow2
rm "$folder/gone.qcow2"
host_make_image "$folder/other.qcow2" qcow2 5M

# expect_chain WHAT: all four layers
expect_chain() {
    expect_value "$1: layers" 4 $disk/count-layers
    expect_layer "$1: top" $disk layer0 50331648 "$(truth_du "$top")" "$(truth_length "$top")"
    expect_layer "$1: device" $disk layer1 41943040 \
        "$(truth_image_end "$device")" "$(truth_device_size "$device")"
    expect_layer "$1: base" $disk layer2 33554432 "$(truth_du "$base")" "$(truth_length "$base")"
    expect_layer "$1: raw" $disk layer3 8388608 "$(truth_du "$raw")" "$(truth_length "$raw")"
}

host_define_vm vm1 "vda:qcow2:file:$top"
host_define_vm vm2 "vda:qcow2:file:$folder/left.qcow2"
host_define_vm vm3 "vda:qcow2:file:$folder/other.qcow2"

# --- by default ---

host_start_collectd
host_wait_cycle
expect_no_series 'vm*'
expect_value "by default: domains" 0 hypervisor/virt_backing/count-domains
expect_quiet_log
host_stop_collectd
rm -r "$HOST_DIR/csv"

# --- read now and then, sent in each cycle ---

host_start_collectd 'InactiveDomains true'
host_wait_cycle
expect_chain "powered off, five minutes"
before=$(truth_image_end "$device")
qemu-io -f qcow2 -c 'write 12M 1M' "$device" >/dev/null
host_wait_cycle
host_wait_cycle
expect_value "not looked at again so soon" "$before" $disk/disk_allocation-layer1
host_stop_collectd
expect_steady "sent all the same" $disk/disk_allocation-layer1
rm -r "$HOST_DIR/csv"

# --- powered off ---

host_start_collectd 'InactiveDomains true' 'InactiveInterval 2'
host_wait_cycle
expect_chain "powered off"
expect_value "domains" 3 hypervisor/virt_backing/count-domains
expect_no_series 'vm1/*/disk_headroom-*'
expect_no_series 'vm1/*/percent-*'
host_series 'vm1/*' >"$HOST_DIR/off"

expect_no_series vm2/virt_backing-vda/count-layers
expect_layer "image missing: what is there" vm2/virt_backing-vda layer0 4194304 \
    "$(truth_du "$folder/left.qcow2")" "$(truth_length "$folder/left.qcow2")"
missing="virt_backing: the metadata of image $folder/gone.qcow2 are not known: no such file"
expect_log 1 "$missing"

# What changes meanwhile is seen within an InactiveInterval.
qemu-io -f qcow2 -c 'write 20M 3M' "$device" >/dev/null
changed_seen() {
    [ "$(host_value $disk/disk_allocation-layer1)" = "$(truth_image_end "$device")" ]
}
wait_until 40 changed_seen
host_wait_cycle
expect_chain "written meanwhile"

# --- started, stopped ---

host_start_vm vm1
host_wait_cycle
host_wait_cycle
expect_chain "running"
expect_success "running: headroom" host_value $disk/disk_headroom-layer0
expect_equal "running: other series" "" \
    "$(host_series 'vm1/*' | grep -vE '/(disk_headroom-|percent-|duration-stale)' | grep -vxFf "$HOST_DIR/off")"

host_write vm1 vda 30M 1M
host_destroy_vm vm1
host_wait_fresh hypervisor/virt_backing/count-domains
host_wait_cycle
expect_chain "stopped, within two cycles"
expect_series_absent $disk/disk_headroom-layer0
expect_series_absent $disk/percent-layer0

# --- undefined ---

host_virsh undefine vm3
undefined_seen() {
    [ "$(host_value hypervisor/virt_backing/count-domains)" = 2 ]
}
wait_until 40 undefined_seen
host_wait_cycle
while IFS= read -r series; do
    expect_series_absent "$series"
done < <(host_series 'vm3/*')
expect_chain "beside it"
expect_log 1 "$missing"
expect_log 1 '\[(error|warning)\] virt_backing: '
expect_quiet_stderr
host_stop_collectd

expect_equal "calls in most cycles" 1 \
    "$(series_values hypervisor/virt_backing/count-calls | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')"
expect_steady "a VM that was off all the time" vm2/virt_backing-vda/disk_capacity-layer0
