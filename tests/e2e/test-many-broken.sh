#!/bin/bash
# More broken images than the plugin remembers in one place: the log has one line
# for each, and no more over many InactiveIntervals.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

# libvirt finds nothing wrong with them: it does not look at the reference counts,
# whose table has a length that is out of bounds.
folder=$HOST_DIR/pool
mkdir "$folder"
qemu-img create -q -f qcow2 "$HOST_DIR/broken" 1M
printf '\377\377\377\377' | dd of="$HOST_DIR/broken" bs=1 seek=56 conv=notrunc status=none
for i in {1..300}; do
    cp --sparse=always "$HOST_DIR/broken" "$folder/$i.qcow2"
done
host_virsh pool-define-as pool dir --target "$folder" >/dev/null
host_virsh pool-start pool >/dev/null

host_start_collectd 'StoragePool "pool"' 'Volumes true' 'InactiveInterval 1'

# Calls in a cycle are more when the volumes were listed.
readings_reached() {
    [ "$(series_values hypervisor/virt_backing/count-calls | awk '$1 > 1' | wc -l)" -ge "$1" ]
}
wait_until 40 readings_reached 4
host_wait_cycle

trouble="\\[warning\\] virt_backing: the metadata of image $folder/[0-9]+\\.qcow2 are not known: "
expect_log 300 "$trouble"
expect_log 300 '\[(error|warning)\] virt_backing: '
expect_equal "images that the log names" 300 "$(host_collectd_log | grep -oE "$folder/[0-9]+\\.qcow2" | sort -u | wc -l)"
expect_equal "volumes" 300 "$(host_series 'hypervisor/virt_backing-vol-*/disk_physical-layer0' | wc -l)"
