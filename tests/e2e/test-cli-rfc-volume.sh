#!/bin/bash
# The RFC's example of a volume, rebuilt: virt-backing vol-xml gives the whole
# chain, element for element and with true values, though the base lies in another
# pool and its user in none.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_program xmllint
requires_program python3
cli_start_host

mkdir "$HOST_DIR"/{default,other,elsewhere}
base=$HOST_DIR/other/f20.base
snap1=$HOST_DIR/elsewhere/f20.snap1
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

expect_cli "no volume" 1 'virt-backing: pool "default" has no volume "f20.base"' vol-xml default f20.base
expect_cli "no pool" 1 'virt-backing: no pool "none" is active' vol-xml none f20.base
