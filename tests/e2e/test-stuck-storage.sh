#!/bin/bash
# Storage on which stat hangs (a FUSE file whose server is stopped) holds up no
# cycle, nor what is known of files elsewhere. The length of a file there is not
# known until it answers; what libvirt says of it goes on. collectd ends all the
# same.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
requires_root
requires_program qemu-storage-daemon
[ -c /dev/fuse ] || skip "there is no FUSE"
export HOST_INTERVAL=0.5
test_start_host

stuck_start_vms "$HOST_DIR" vm1 vm2
# QEMU has its file open already; who looks for it from now on finds this one.
truncate -s 5M "$HOST_DIR/other"
qemu-storage-daemon --blockdev "driver=file,filename=$HOST_DIR/other,node-name=other" \
    --export "type=fuse,id=fuse,node-name=other,mountpoint=$HOST_DIR/vm1.qcow2" \
    >"$HOST_DIR/fuse.log" 2>&1 &
server=$!
host_on_cleanup kill -KILL $server
host_on_cleanup umount --lazy "$HOST_DIR/vm1.qcow2"
served() {
    [ "$(stat -c %s "$HOST_DIR/vm1.qcow2")" = 5242880 ]
}
host_poll 40 served || skip "FUSE does not work here: $(cat "$HOST_DIR/fuse.log")"

# Looking for leaks AddressSanitizer stops all threads, and waits for the one that
# FUSE holds.
HOST_COLLECTD_ENV=LSAN_OPTIONS=detect_leaks=0 host_start_collectd 'Timeout 1'
host_wait_cycle
expect_value "vm1: physical" 5242880 vm1/virt_backing-vda/disk_physical-layer0

kill -STOP $server
wait_until 40 log_has "the storage of $HOST_DIR/vm1.qcow2 does not answer"
host_wait_cycle
last=$(host_sample_time vm1/virt_backing-vda/disk_physical-layer0)
sleep 5
expect_equal "vm1: physical is not known" "$last" \
    "$(host_sample_time vm1/virt_backing-vda/disk_physical-layer0)"
for series in vm1/virt_backing-vda/disk_capacity-layer0 vm2/virt_backing-vda/disk_physical-layer0; do
    expect_gap "$series: the longest gap" 8 $series
done
expect_value "nobody is stuck" 0 $self/count-stalled

kill -CONT $server
host_wait_fresh vm1/virt_backing-vda/disk_physical-layer0
wait_until 40 log_has "the storage of $HOST_DIR/vm1.qcow2 answers"
expect_log 1 'the storage of .* does not answer'

kill -STOP $server
sleep 2
before=$(host_now)
host_stop_collectd
expect_seconds "the end took seconds" 0 30 "$(awk "BEGIN { print ($(host_now) - $before) / 1000 }")"
expect_equal "collectd's status" 0 "$HOST_COLLECTD_STATUS"
