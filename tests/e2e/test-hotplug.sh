#!/bin/bash
# A disk that is plugged in appears, with right figures; unplugged, its series
# stop. The other disk has a sample in every cycle.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

still=$HOST_DIR/still.qcow2
base=$HOST_DIR/base.qcow2
plugged=$HOST_DIR/plugged.qcow2
host_make_image "$still" qcow2 32M
host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 3M' "$base" >/dev/null
host_make_image "$plugged" qcow2 - "$base" qcow2

host_start_vm vm1 "sda:qcow2:file:$still"
host_start_collectd
host_wait_cycle
expect_no_series 'vm1/virt_backing-sdb/*'

host_plug_disk vm1 "sdb:qcow2:file:$plugged"
host_wait_cycle
expect_layer "plugged in, top" vm1/virt_backing-sdb layer0 \
    "$(truth_virtual_size qcow2 "$plugged")" "$(truth_du "$plugged")" "$(truth_length "$plugged")"
expect_layer "plugged in, base" vm1/virt_backing-sdb layer1 \
    "$(truth_virtual_size qcow2 "$base")" "$(truth_du "$base")" "$(truth_length "$base")"
expect_value "layers" 2 vm1/virt_backing-sdb/count-layers

disk_unplugged() {
    ! host_virsh domblklist vm1 | grep '^ sdb ' >/dev/null
}

host_unplug_disk vm1 sdb
wait_until 40 disk_unplugged
host_wait_cycle
host_series 'vm1/virt_backing-sdb/*' >"$HOST_DIR/gone"
while IFS= read -r series; do
    expect_series_absent "$series"
done <"$HOST_DIR/gone"
expect_equal "series of the disk: three a layer, two of the room left, the layers" 9 "$(wc -l <"$HOST_DIR/gone")"

expect_quiet_log
host_stop_collectd
row=$(truth_row qcow2 "$still")
expect_rows "the other disk" vm1/virt_backing-sda "$row"
expect_steady "the other disk" vm1/virt_backing-sda/count-layers
