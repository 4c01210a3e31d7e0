#!/bin/bash
# While a commit runs, virt-backing xml shows <allocation> of the base grow, with
# nothing written by the guest; while a copy runs, its <mirror> has sizes.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
requires_program xmllint
cli_start_host

base=$(host_make_loop 64M)
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
copy=$HOST_DIR/copy.qcow2
host_make_image "$base" qcow2 64M
host_make_image "$middle" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 0 48M' "$middle" >/dev/null
host_make_image "$top" qcow2 - "$middle" qcow2
host_start_vm vm1 "vda:qcow2:file:$top"
disk=/domain/devices/disk

# look: a new document
look() {
    cli xml vm1 >"$HOST_DIR/xml"
}

look
before=$(truth_image_end "$base")
expect_equal "the base, before" "$before" "$(xpath "$HOST_DIR/xml" "$disk/backingStore/backingStore/allocation")"

host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bandwidth 4 >/dev/null
last=$before
for round in 1 2 3; do
    sleep 0.7
    low=$(host_virsh domstats --block --backing vm1 | sed -n 's/.*block\.2\.allocation=//p')
    look
    high=$(host_virsh domstats --block --backing vm1 | sed -n 's/.*block\.2\.allocation=//p')
    now=$(xpath "$HOST_DIR/xml" "$disk/backingStore/backingStore/allocation")
    expect_success "$round: the base grows: $last < $now" [ "$now" -gt "$last" ]
    expect_success "$round: as QEMU says: $low <= $now <= $high" is_within "$low" "$high" "$now"
    expect_equal "$round: the middle does not" "$(truth_du "$middle")" \
        "$(xpath "$HOST_DIR/xml" "$disk/backingStore/allocation")"
    last=$now
done
expect_success "well-formed" xmllint --noout "$HOST_DIR/xml"
host_virsh blockjob vm1 vda --bandwidth 1000

job_is_over() {
    [ -z "$(host_virsh blockjob vm1 vda --info 2>/dev/null)" ]
}
wait_until 40 job_is_over
look
expect_equal "afterwards the base is below the top" "$base" "$(xpath "$HOST_DIR/xml" "$disk/backingStore/source/@dev")"
expect_equal "and ends where qemu-img says" "$(truth_image_end "$base")" \
    "$(xpath "$HOST_DIR/xml" "$disk/backingStore/allocation")"

host_virsh blockcopy vm1 vda "$copy" --bandwidth 4 --transient-job >/dev/null
sleep 0.7
low=$(truth_du "$copy")
look
high=$(truth_du "$copy")
now=$(xpath "$HOST_DIR/xml" "$disk/mirror/allocation")
expect_equal "the mirror" "$copy" "$(xpath "$HOST_DIR/xml" "$disk/mirror/source/@file")"
expect_success "its allocation: $low <= $now <= $high" is_within "$low" "$high" "$now"
expect_equal "its capacity" "$(truth_virtual_size qcow2 "$copy")" "$(xpath "$HOST_DIR/xml" "$disk/mirror/capacity")"
expect_equal "its features" 1.1 "$(xpath "$HOST_DIR/xml" "$disk/mirror/format/compat")"
expect_equal "its mode" "$(stat -c %04a "$copy")" "$(xpath "$HOST_DIR/xml" "$disk/mirror/permissions/mode")"
