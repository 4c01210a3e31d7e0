#!/bin/bash
# While a commit runs, virt-backing xml shows <allocation> of the base grow, with
# nothing written by the guest. While a copy runs its <mirror> has all that a <disk>
# has, and so have the images below it; in an active commit the <mirror> says what
# the layer says that it is.

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

host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bandwidth 2 >/dev/null
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

host_virsh blockjob vm1 vda --abort

# --- shallow copies: images below the mirror, of the chain itself and of another ---

other=$HOST_DIR/other.qcow2
host_make_image "$other" qcow2 64M
qemu-io -f qcow2 -c 'write 0 5M' "$other" >/dev/null
host_write vm1 vda 0 24M
host_flush vm1 vda

# shallow IMAGE: a copy begins whose mirror has that image below it
shallow() {
    local copy
    copy=$(mktemp -u "$HOST_DIR/copy-XXXXXX")
    host_make_image "$copy" qcow2 - "$1" qcow2
    host_virsh blockcopy vm1 vda "$copy" --shallow --reuse-external --bandwidth 4 --transient-job >/dev/null
    look
    expect_equal "below the mirror" "$1" \
        "$(xpath "$HOST_DIR/xml" "$disk/mirror/backingStore/source/@*[name() = 'file' or name() = 'dev']")"
    expect_equal "its capacity" "$(truth_virtual_size qcow2 "$1")" "$(xpath "$HOST_DIR/xml" "$disk/mirror/backingStore/capacity")"
    expect_equal "its features" 1.1 "$(xpath "$HOST_DIR/xml" "$disk/mirror/backingStore/format/compat")"
}

shallow "$base"
expect_equal "its allocation" "$(truth_image_end "$base")" "$(xpath "$HOST_DIR/xml" "$disk/mirror/backingStore/allocation")"
expect_equal "all as in the chain" "$(xml_elements "$HOST_DIR/xml" "$disk/backingStore")" \
    "$(xml_elements "$HOST_DIR/xml" "$disk/mirror/backingStore")"
host_virsh blockjob vm1 vda --abort
shallow "$other"
expect_equal "all as it lies there" "$(truth_elements qcow2 "$other")" \
    "$(xml_elements "$HOST_DIR/xml" "$disk/mirror/backingStore")"
host_virsh blockjob vm1 vda --abort

# --- an active commit ---

before=$(truth_image_end "$base")
host_virsh blockcommit vm1 vda --active --bandwidth 4 >/dev/null
# It writes over what is there: the end of the base does not move.
sleep 0.7
look
expect_equal "the mirror is the base" "$base" "$(xpath "$HOST_DIR/xml" "$disk/mirror/source/@dev")"
expect_equal "its allocation" "$before" "$(xpath "$HOST_DIR/xml" "$disk/mirror/allocation")"
expect_equal "its physical" "$(truth_device_size "$base")" "$(xpath "$HOST_DIR/xml" "$disk/mirror/physical")"
expect_equal "all as in the chain" "$(xml_elements "$HOST_DIR/xml" "$disk/backingStore")" \
    "$(xml_elements "$HOST_DIR/xml" "$disk/mirror")"
expect_equal "its features" 1.1 "$(xpath "$HOST_DIR/xml" "$disk/mirror/format/compat")"
expect_success "well-formed" xmllint --noout "$HOST_DIR/xml"
