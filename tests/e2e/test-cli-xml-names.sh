#!/bin/bash
# virt-backing xml and vol-xml are well-formed, whatever domains, files and
# volumes are called, and leave out what XML can't hold or nobody knows.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_program xmllint
cli_start_host

name="<&> \"two\" 'one' äöü"
folder=$HOST_DIR/$name
mkdir "$folder"
odd=$folder/$'escape \e[31m.qcow2'
latin=$folder/$'latin \xe4.qcow2'
host_make_image "$folder/base.raw" raw 8M
host_make_image "$odd" qcow2 - "$folder/base.raw" raw
host_make_image "$latin" qcow2 - "$odd" qcow2
host_make_image "$folder/top.qcow2" qcow2 - "$latin" qcow2
host_make_image "$folder/odd.qcow2" qcow2 - "$odd" qcow2
host_define_vm "$name" "vda:qcow2:file:$folder/top.qcow2" "hdc:raw:cdrom:"
disk=/domain/devices/disk
xml=$HOST_DIR/xml

cli xml "$name" >"$xml"
expect_success "well-formed" xmllint --noout "$xml"
expect_equal "the name" "$name" "$(xpath "$xml" /domain/name)"
expect_equal "the path" "$folder/top.qcow2" "$(xpath "$xml" "$disk/source/@file")"
expect_equal "allocation" "$(truth_du "$folder/top.qcow2")" "$(xpath "$xml" "$disk/allocation")"
below=$disk/backingStore
expect_equal "bytes that are not UTF-8: no source" 0 "$(xpath "$xml" "count($below/source)")"
expect_equal "but sizes" "$(truth_du "$latin")" "$(xpath "$xml" "$below/allocation")"
below+=/backingStore
expect_equal "a control character: no source" 0 "$(xpath "$xml" "count($below/source)")"
expect_equal "but sizes" "$(truth_length "$odd")" "$(xpath "$xml" "$below/physical")"
below+=/backingStore
expect_equal "the base" "$folder/base.raw" "$(xpath "$xml" "$below/source/@file")"
expect_equal "the end of the chain" 1 "$(xpath "$xml" "count($below/backingStore)")"
expect_equal "an empty drive has no sizes" 0 "$(xpath "$xml" "count(${disk}[target/@dev='hdc']/capacity)")"

# The base is gone: no more is said than is known.
rm "$folder/base.raw"
cli xml "$name" >"$xml" 2>/dev/null
expect_success "without the base, well-formed" xmllint --noout "$xml"
expect_equal "it has no sizes" 0 "$(xpath "$xml" "count($below/*[name() = 'capacity' or name() = 'allocation' or name() = 'physical'])")"
expect_equal "nor permissions and times" 0 "$(xpath "$xml" "count($below/*[name() = 'permissions' or name() = 'timestamps'])")"

below="$folder/<below> & 'ü'.raw"
host_make_image "$below" raw 8M
host_make_image "$folder/volume.qcow2" qcow2 - "$below" raw
# virsh pool-create-as does not escape the path.
echo "<pool type='dir'><name>pool</name><target><path>$(host_xml_escape "$folder")</path></target></pool>" \
    >"$HOST_DIR/pool.xml"
host_virsh pool-create "$HOST_DIR/pool.xml" >/dev/null
cli vol-xml pool volume.qcow2 >"$xml"
expect_success "vol-xml, well-formed" xmllint --noout "$xml"
expect_equal "its path" "$folder/volume.qcow2" "$(xpath "$xml" /volume/target/path)"
expect_equal "the path below" "$below" "$(xpath "$xml" /volume/backingStore/path)"
expect_equal "and its sizes" "$(truth_du "$below")" "$(xpath "$xml" /volume/backingStore/allocation)"
# What libvirt itself writes of these is no XML. (That the base is gone is told, too.)
vol_xml_of() {
    cli vol-xml pool "$1" >"$xml" 2>/dev/null || fail "vol-xml, $1"
    expect_success "a name that XML can't hold: well-formed" xmllint --noout "$xml"
    expect_equal "its sizes" "$(truth_du "$folder/$1")" "$(xpath "$xml" /volume/allocation)"
    expect_equal "no path below" 0 "$(xpath "$xml" 'count(/volume/backingStore/path)')"
}
vol_xml_of odd.qcow2
expect_equal "sizes below" "$(truth_length "$odd")" "$(xpath "$xml" /volume/backingStore/physical)"
vol_xml_of top.qcow2
expect_equal "sizes below" "$(truth_length "$latin")" "$(xpath "$xml" /volume/backingStore/physical)"
vol_xml_of $'latin \xe4.qcow2'
expect_equal "no name, key or path" 0 \
    "$(xpath "$xml" 'count(/volume/name | /volume/key | /volume/target/path)')"
