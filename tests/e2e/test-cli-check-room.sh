#!/bin/bash
# virt-backing check never takes for well what may run out: by percent it compares an
# image that does not fit into what its file system has free (df) with that, not with
# its capacity; and one whose room nobody knows (behind a network's server, of a driver
# without block statistics) is UNKNOWN, by its name.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_root
requires_program qemu-nbd
make_file_systems() {
    host_make_tmpfs full 8M
    host_make_tmpfs half 8M
}
cli_start_host_after make_file_systems

# --- file systems that are smaller than what an image can become ---

for name in full half; do
    host_make_image "$HOST_DIR/$name/disk.qcow2" qcow2 64M
    qemu-io -f qcow2 -c 'write 0 2M' "$HOST_DIR/$name/disk.qcow2" >/dev/null
    host_start_vm $name "vda:qcow2:file:$HOST_DIR/$name/disk.qcow2"
done
head -c 8M /dev/zero >"$HOST_DIR/full/rest" 2>/dev/null || true
free=$(truth_free "$HOST_DIR/half")
allocation=$(truth_du "$HOST_DIR/half/disk.qcow2")
used=$(awk "BEGIN { printf \"%.0f\", 100 * $allocation / ($allocation + $free) }")
half="half vda layer0: $(awk "BEGIN { printf \"%.1fM\", $free / 1048576 }") left ($used% used)"

expect_equal "free on the full one" 0 "$(truth_free "$HOST_DIR/full")"
expect_check "a full file system" 2 "VIRT-BACKING CRITICAL - full vda layer0: 0B left (100% used)" \
    --warning 80% --critical 90%
expect_check "at the highest limit" 2 "VIRT-BACKING CRITICAL - full vda layer0: 0B left (100% used)" --critical 100%
expect_check "above the part in use" 0 "VIRT-BACKING OK - 1 layer has room, the least: $half" \
    --warning $((used + 1))% half
expect_check "below it" 1 "VIRT-BACKING WARNING - $half" --warning $((used - 1))% half

# --- what nobody knows ---

host_make_image "$HOST_DIR/net.qcow2" qcow2 8M
host_make_image "$HOST_DIR/net.raw" raw 8M
host_start_vm net "vda:qcow2:nbd:$(host_start_nbd "$HOST_DIR/net.qcow2" raw)" \
    "vdb:raw:nbd:$(host_start_nbd "$HOST_DIR/net.raw" raw)"
for limit in 1 99%; do
    expect_check "on a network, $limit" 3 "VIRT-BACKING UNKNOWN - net vda layer0: what is left is not known" \
        --warning $limit net half
    expect_check "another is worse, $limit" 2 "VIRT-BACKING CRITICAL - full vda layer0: 0B left (100% used)" \
        --critical $limit net full
done

cat >"$HOST_DIR/node.xml" <<'EOS'
<node>
  <domain type='test'>
    <name>paper</name>
    <memory>1024</memory>
    <os><type>hvm</type></os>
    <devices>
      <disk type='file' device='disk'>
        <driver name='qemu' type='qcow2'/>
        <source file='/images/top'/>
        <backingStore type='file'>
          <format type='qcow2'/>
          <source file='/images/base'/>
          <backingStore/>
        </backingStore>
        <target dev='vda'/>
      </disk>
      <disk type='block' device='disk'>
        <driver name='qemu' type='raw'/>
        <source dev='/dev/other'/>
        <target dev='vdb'/>
      </disk>
      <disk type='file' device='cdrom'>
        <source file='/images/medium'/>
        <target dev='hdc'/>
        <readonly/>
      </disk>
    </devices>
  </domain>
</node>
EOS
expect_check "without block statistics" 3 "VIRT-BACKING UNKNOWN - paper vda layer0: what is left is not known" \
    --connect "test://$HOST_DIR/node.xml" --warning 1
