#!/bin/bash
# Encrypted raw images, which libvirt calls raw: behind their header they are
# smaller than their container. On a file allocation and physical are what du
# and ls say; behind NBD, where nobody says how large the container is, neither
# is reported.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_program qemu-nbd
export HOST_INTERVAL=0.3
test_start_host

local=$HOST_DIR/local.luks
remote=$HOST_DIR/remote.luks
secret=6f3a1d52-5c5e-4c0e-9d52-0c2f3a7be910

# qemu-img measures the CPU for that, which now and then fails on a busy one.
make_luks() {
    "${HOST_AS[@]}" qemu-img create -q -f luks --object secret,id=key,data=word \
        -o key-secret=key,iter-time=10 "$1" 12M 2>"$HOST_DIR/luks.err"
}

host_poll 40 make_luks "$local" || fail "qemu-img: $(cat "$HOST_DIR/luks.err")"
cp -p "$local" "$remote"
echo "<secret ephemeral='yes' private='no'><uuid>$secret</uuid></secret>" >"$HOST_DIR/secret.xml"
printf word >"$HOST_DIR/word"
host_virsh secret-define "$HOST_DIR/secret.xml" >/dev/null
host_virsh secret-set-value "$secret" --file "$HOST_DIR/word" --plain >/dev/null

encryption="<encryption format='luks'><secret type='passphrase' uuid='$secret'/></encryption>"
socket=$(host_start_nbd "$remote" raw)
export HOST_VM_DEVICES="
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='$local'>$encryption</source>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw'/>
      <source protocol='nbd'>
        <host transport='unix' socket='$socket'/>$encryption
      </source>
      <target dev='vdb' bus='virtio'/>
    </disk>"
host_define_vm vm1
host_start_vm vm1
host_start_collectd

expect_both() {
    expect_layer "file, $1" vm1/virt_backing-vda layer0 \
        "$(truth_virtual_size luks "$local")" "$(truth_du "$local")" "$(truth_length "$local")"
    expect_layer "NBD, $1" vm1/virt_backing-vdb layer0 "$(truth_virtual_size luks "$remote")" - -
}

host_wait_cycle
expect_both "nothing written"
expect_success "the container is larger than the disk" \
    [ "$(truth_length "$remote")" -gt "$(truth_virtual_size luks "$remote")" ]

for disk in vda vdb; do
    host_write vm1 $disk 2M 1M
    host_flush vm1 $disk
done
host_wait_cycle
expect_both "1 MiB written"
expect_quiet_log
