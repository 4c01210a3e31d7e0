#!/bin/bash
# A machine that is off, whose disk names a volume of a storage pool: libvirt says
# where the volume lies, and plugin and virt-backing report it and its backing
# images like the files that they are. Where the pool is stopped nothing is said,
# and nothing fails.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_plugin
requires_cli
requires_program jq
requires_program xmllint
export HOST_INTERVAL=0.3
cli_start_host

folder=$HOST_DIR/pool
mkdir "$folder" "$HOST_DIR/stopped"
chown --reference="$HOST_DIR" "$folder" "$HOST_DIR/stopped"
base=$HOST_DIR/base.raw
middle=$folder/middle.qcow2
top=$folder/top.qcow2
raw=$folder/disk.raw
host_make_image "$base" raw 24M
qemu-io -f raw -c 'write 4M 2M' "$base" >/dev/null
host_make_image "$middle" qcow2 - "$base" raw
host_make_image "$top" qcow2 32M "$middle" qcow2
qemu-io -f qcow2 -c 'write 8M 3M' "$top" >/dev/null
host_make_image "$raw" raw 16M
host_make_image "$HOST_DIR/stopped/gone.qcow2" qcow2 8M
for pool in pool stopped; do
    host_virsh pool-define-as $pool dir --target "$HOST_DIR/$pool" >/dev/null
    host_virsh pool-start $pool >/dev/null
done
host_virsh pool-destroy stopped >/dev/null

# disk POOL VOLUME FORMAT TARGET
disk() {
    echo "<disk type='volume' device='disk'><driver name='qemu' type='$3'/>
      <source pool='$1' volume='$2'/><target dev='$4' bus='virtio'/></disk>"
}
HOST_VM_DEVICES="$(disk pool top.qcow2 qcow2 vda)$(disk pool disk.raw raw vdb)$(disk stopped gone.qcow2 qcow2 vdc)"
export HOST_VM_DEVICES
host_define_vm vm1

# --- virt-backing ---

cli_try --inactive --json vm1
expect_equal "list: exit status" 0 "$CLI_STATUS"
# layers TARGET: depth, format, storage, source, and the three sizes of each
layers() {
    jq -r ".domains[0].disks[] | select(.target == \"$1\").layers[] |
        [.depth, .format, .storage, .source, .capacity, .allocation, .physical] | map(. // \"-\") | join(\" \")" "$HOST_DIR/out"
}
# truth DEPTH FORMAT FILE
truth() {
    echo "$1 $2 file $3 $(truth_virtual_size "$2" "$3") $(truth_du "$3") $(truth_length "$3")"
}
expect_equal "the chain" "$(truth 0 qcow2 "$top"; truth 1 qcow2 "$middle"; truth 2 raw "$base")" "$(layers vda)"
expect_equal "a raw volume" "$(truth 0 raw "$raw")" "$(layers vdb)"
expect_equal "of a pool that is stopped" "0 qcow2 volume stopped/gone.qcow2 - - -" "$(layers vdc)"

cli xml vm1 >"$HOST_DIR/xml"
expect_success "well-formed" xmllint --noout "$HOST_DIR/xml"
path="/domain/devices/disk[1]"
for image in "$top" "$middle" "$base"; do
    format=qcow2
    [ "$image" != "$base" ] || format=raw
    expect_equal "xml: ${image##*/}" "$(truth_elements $format "$image")" "$(xml_elements "$HOST_DIR/xml" "$path")"
    path+=/backingStore
done

# --- the plugin ---

host_start_collectd 'InactiveDomains true' 'InactiveInterval 1'
host_wait_cycle
# expect_image DISK LAYER FORMAT FILE
expect_image() {
    expect_layer "$1 $2" "vm1/virt_backing-$1" "$2" \
        "$(truth_virtual_size "$3" "$4")" "$(truth_du "$4")" "$(truth_length "$4")"
}
expect_image vda layer0 qcow2 "$top"
expect_image vda layer1 qcow2 "$middle"
expect_image vda layer2 raw "$base"
expect_image vdb layer0 raw "$raw"
expect_series_absent vm1/virt_backing-vdc/disk_allocation-layer0
expect_quiet_log
