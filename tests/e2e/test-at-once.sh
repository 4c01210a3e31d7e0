#!/bin/bash
# "At once": with an interval of five minutes a watermark is told long before the next cycle
# comes, and so is a machine that is paused for want of space. The milliseconds from the
# write until the log has it are printed: some hundred, most of them virsh's own start. Each
# of three devices is written to once, and the fastest counts. A busy machine takes longer,
# so the limit is wide.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=300
test_start_host

devices=()
disks=()
for disk in vda vdb vdc; do
    device=$(host_make_loop 8M)
    host_make_image "$device" qcow2 32M
    devices+=("$device")
    disks+=("$disk:qcow2,error_policy=enospace:block:$device")
done
host_start_vm vm1 "${disks[@]}"
small=$(host_make_loop 4M)
host_make_image "$small" qcow2 32M
host_make_filling_vm vm2 "$small"
host_start_collectd 'WatermarkFree "4M"'
# libvirt gives one who asks for thresholds meanwhile his answer, and the plugin none.
host_poll 30 host_value hypervisor/virt_backing/count-domains >/dev/null
for device in "${devices[@]}"; do
    expect_watermark "armed" vm1 "$device" $((4 << 20))
done

# now: milliseconds
now() {
    echo "$(($(date +%s%N) / 1000000))"
}

# told_after BEGIN SEVERITY SERIES: print how many milliseconds later it was told
told_after() {
    while ! alarm_told "$2" "$3" && [ $(($(now) - $1)) -lt 40000 ]; do
        sleep 0.02
    done
    echo $(($(now) - $1))
}

for disk in vda vdb vdc; do
    begin=$(now)
    host_write vm1 "$disk" 0 5M &
    told_after "$begin" WARNING "vm1/virt_backing-$disk/disk_headroom-layer0" >>"$HOST_DIR/watermarks"
    wait $!
done
watermark=$(sort -n "$HOST_DIR/watermarks" | head -n 1)
expect_success "watermark: told after $watermark ms" [ "$watermark" -lt 20000 ]
expect_equal "watermarks" 3 "$(log_count 'severity = WARNING, host = vm1, .*is over its watermark by')"

host_virsh resume vm2 >/dev/null
wait_until 40 prints "paused (I/O error)" host_virsh domstate vm2 --reason
pause=$(told_after "$(now)" FAILURE vm2/virt_backing-vda/count-errors)
expect_success "pause: told $pause ms after another client of libvirt has seen it" [ "$pause" -lt 20000 ]
# The first one, and one for who was resumed although over its watermark.
cycles() {
    series_values hypervisor/virt_backing/count-domains | wc -l
}
expect_soon "cycles meanwhile" 2 cycles
