#!/bin/bash
# virt-backing vol-xml asks for one volume and what it is based on: in a pool of 200
# volumes it makes no call for any of the others, nor for a domain's statistics, and
# looks at none of their files.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_program strace
requires_program xmllint
cli_start_host

folder=$HOST_DIR/pool
mkdir "$folder"
host_make_image "$folder/base.qcow2" qcow2 8M
host_make_image "$folder/top.qcow2" qcow2 - "$folder/base.qcow2" qcow2
host_make_image "$HOST_DIR/vm1.qcow2" qcow2 8M
for number in $(seq 198); do
    cp "$HOST_DIR/vm1.qcow2" "$folder/other-$number.qcow2"
done
host_virsh pool-create-as pool dir --target "$folder" >/dev/null
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/vm1.qcow2"

# libvirt's own log of what the program calls.
calls=$HOST_DIR/calls
LIBVIRT_DEBUG=1 LIBVIRT_LOG_FILTERS=1:libvirt LIBVIRT_LOG_OUTPUTS=1:file:$calls \
    cli vol-xml pool top.qcow2 >"$HOST_DIR/xml"
# count NAME: how often libvirt's function of that name was called
count() {
    grep -c " $1:[0-9]* : " "$calls" || true
}
expect_equal "the volume" "$folder/top.qcow2" "$(xpath "$HOST_DIR/xml" /volume/target/path)"
expect_equal "its chain" "$folder/base.qcow2" "$(xpath "$HOST_DIR/xml" /volume/backingStore/path)"
expect_success "the log has calls" [ "$(count virStoragePoolGetInfo)" -gt 0 ]
# A slow machine may have to ask again, each time for the pool and the two images.
expect_success "XML of the volume alone: $(count virStorageVolGetXMLDesc)" \
    [ "$(count virStorageVolGetXMLDesc)" -le $((2 * $(count virStoragePoolGetInfo))) ]
expect_equal "no list of volumes" 0 "$(count virStoragePoolListAllVolumes)"
expect_equal "no statistics" 0 "$(($(count virConnectGetAllDomainStats) + $(count virDomainListGetStats)))"
expect_equal "no XML of a domain" 0 "$(count virDomainGetXMLDesc)"

# LeakSanitizer does not work where somebody else traces.
ASAN_OPTIONS=detect_leaks=0 strace -f -o "$HOST_DIR/trace" -e trace=%file \
    "$CLI" --connect "$HOST_URI_RO" vol-xml pool top.qcow2 >/dev/null
expect_success "the trace has files" grep -q "base.qcow2" "$HOST_DIR/trace"
expect_equal "none of other volumes" 0 "$(grep -c 'other-' "$HOST_DIR/trace" || true)"

# A volume that is not there is told as before.
expect_cli "no volume" 1 'virt-backing: pool "pool" has no volume "none"' vol-xml pool none
