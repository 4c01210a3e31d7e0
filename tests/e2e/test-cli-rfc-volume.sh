#!/bin/bash
# The RFC's example of a volume, rebuilt: virt-backing vol-xml gives the whole
# chain, element for element and with true values. As the RFC has it, what lies in
# the same pool is a plain <backingStore>; what does not has a type: volume, with pool
# and name, of another pool; file, block or network of none.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
requires_program xmllint
requires_program python3
cli_start_host

mkdir "$HOST_DIR"/{default,other,elsewhere}
base=$HOST_DIR/default/f20.base
snap1=$HOST_DIR/default/f20.snap1
snap2=$HOST_DIR/default/f20.snap2
host_make_image "$base" raw 10M
qemu-io -f raw -c 'write 0 2M' "$base" >/dev/null
host_make_image "$snap1" qcow2 12M "$base" raw
qemu-io -f qcow2 -c 'write 1M 2M' "$snap1" >/dev/null
host_make_image "$snap2" qcow2 12M "$snap1" qcow2
chmod 0600 "$base" "$snap1" "$snap2"
label_images "$base" "$snap1" "$snap2"
for pool in default other; do
    host_virsh pool-create-as $pool dir --target "$HOST_DIR/$pool" >/dev/null
done

# What the RFC shows, without the empty <source> of the volume, which libvirt itself
# does not write any more; clusterSize and btime have come since.
rfc() {
    with_labels <<'EOS'
volume type="file"
  name
  key
  capacity unit="bytes"
  allocation unit="bytes"
  physical unit="bytes"
  target
    path
    format type="qcow2"
    permissions
      mode
      owner
      group
      label
    timestamps
      atime
      mtime
      ctime
    compat
    features
  backingStore
    path
    capacity unit="bytes"
    allocation unit="bytes"
    physical unit="bytes"
    format type="qcow2"
    permissions
      mode
      owner
      group
      label
    timestamps
      atime
      mtime
      ctime
    compat
    features
    backingStore
      path
      capacity unit="bytes"
      allocation unit="bytes"
      physical unit="bytes"
      format type="raw"
      permissions
        mode
        owner
        group
        label
      timestamps
        atime
        mtime
        ctime
      backingStore
EOS
}

# The pool was last refreshed before this.
qemu-io -f qcow2 -c 'write 0 3M' "$snap2" >/dev/null
xml=$HOST_DIR/xml
cli vol-xml default f20.snap2 >"$xml"

expect_success "well-formed" xmllint --noout "$xml"
expect_equal "element for element" "$(rfc)" "$(skeleton "$xml" . 'clusterSize|btime')"
# Sizes are beside <target>, the rest is in it.
sed 's,<\(/*\)target>,,' "$xml" >"$HOST_DIR/flat"
path=/volume format=qcow2
for image in "$snap2" "$snap1" "$base"; do
    [ "$image" != "$base" ] || format=raw
    expect_equal "path" "$image" "$(xpath "$HOST_DIR/flat" "$path/path")"
    expect_equal "${image##*/}" "$(truth_elements $format "$image")" "$(xml_elements "$HOST_DIR/flat" "$path")"
    expect_equal "label" "$LABEL" "$(xpath "$HOST_DIR/flat" "$path/permissions/label")"
    path+=/backingStore
done
expect_equal "compat" "1.1 1.1" "$(xpath "$xml" /volume/target/compat) $(xpath "$xml" /volume/backingStore/compat)"

# What libvirt itself says of the layers that it knows: the time of birth, too.
host_virsh vol-dumpxml f20.snap2 --pool default >"$HOST_DIR/libvirt"
for path in /volume/target /volume/backingStore; do
    expect_equal "$path: btime" "$(xpath "$HOST_DIR/libvirt" "$path/timestamps/btime")" \
        "$(xpath "$xml" "$path/timestamps/btime")"
done

# --- across pools and outside of them ---

device=$(host_make_loop 16M)
cross=$HOST_DIR/default/cross.qcow2
over=$HOST_DIR/elsewhere/over.qcow2
other=$HOST_DIR/other/"a 'b'.qcow2"
host_make_image "$device" qcow2 10M
host_make_image "$other" qcow2 - "$device" qcow2
host_make_image "$over" qcow2 - "$other" qcow2
host_make_image "$cross" qcow2 - "$over" qcow2
for pool in default other; do
    host_virsh pool-refresh $pool >/dev/null
done
cli vol-xml default cross.qcow2 >"$xml"
expect_success "well-formed" xmllint --noout "$xml"
path=/volume
for place in "file||$over" "volume|other|$other" "block||$device"; do
    path+=/backingStore
    expect_equal "$path: type, pool, path" "$place" \
        "$(xpath "$xml" "concat($path/@type, '|', $path/source/@pool, '|', $path/path)")"
    expect_equal "capacity" 10485760 "$(xpath "$xml" "$path/capacity")"
done
expect_equal "the volume's name" "a 'b'.qcow2" "$(xpath "$xml" "/volume/backingStore/backingStore/source/@volume")"
expect_equal "and no other has one" 1 "$(xpath "$xml" 'count(//source/@volume)')"
expect_equal "allocation of the device" "$(truth_image_end "$device")" "$(xpath "$xml" "$path/allocation")"
expect_equal "the end of the chain" 1 "$(xpath "$xml" "count($path/backingStore[not(@type)])")"

# --- version 2 of qcow2, as libvirt writes it: neither compat nor features ---

old=$HOST_DIR/default/old.qcow2
qemu-img create -q -f qcow2 -o compat=0.10 "$old" 8M
host_make_image "$HOST_DIR/default/new.qcow2" qcow2 - "$old" qcow2
host_virsh pool-refresh default >/dev/null
host_virsh vol-dumpxml old.qcow2 --pool default >"$HOST_DIR/libvirt"
cli vol-xml default new.qcow2 >"$xml"
for element in compat features; do
    expect_equal "$element, version 3" 1 "$(xpath "$xml" "count(/volume/target/$element)")"
    expect_equal "$element, version 2" "$(xpath "$HOST_DIR/libvirt" "count(//$element)")" \
        "$(xpath "$xml" "count(/volume/backingStore/$element)")"
done

expect_cli "no volume" 1 'virt-backing: pool "default" has no volume "none"' vol-xml default none
expect_cli "no pool" 1 'virt-backing: no pool "none" is active' vol-xml none f20.base
