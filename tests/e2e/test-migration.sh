#!/bin/bash
# A machine migrates while it writes to a thin device, and both hypervisors send to a
# third collectd. Its series go on under the same name; where both tell for a moment they
# do not disagree: the new hypervisor says nothing of it before it has arrived, and then
# knows what was written on the way. Who scrapes the hypervisors finds it at the new one
# alone.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=network.sh
. "$(dirname "$0")/network.sh"

requires_plugin
requires_loop
requires_network
requires_program curl
[ -e "$(collectd_folder)/write_prometheus.so" ] || skip "collectd has no write_prometheus plugin"
export HOST_INTERVAL=0.2
test_start_host
# shellcheck disable=SC2034 # read by host_configure_collectd
HOST_NAME=hv1
first=$HOST_DIR
disk=vm1/virt_backing-vda
port=$(free_udp_port)
# Where each can be scraped.
declare -A scrape=([hv1]=$(free_tcp_port) [hv2]=$(free_tcp_port) [receiver]=$(free_tcp_port))
HOST_COLLECTD_EXTRA=$(prometheus_conf "${scrape[receiver]}") start_receiver "$port"
receiver=$HOST_DIR

start_sender() {
    HOST_COLLECTD_EXTRA="$(sender_conf "$port")
$(prometheus_conf "${scrape[$HOST_NAME]}")" host_start_collectd 'WatermarkFree "8M"'
}

host_add hv2
second=$HOST_DIR
host_start_libvirtd
start_sender
destination=$HOST_URI

host_switch "$first"
device=$(host_make_loop 64M)
host_make_image "$device" qcow2 128M
host_start_restless_vm vm1 "vda:qcow2:block:$device"
host_write vm1 vda 0 5M
host_flush vm1 vda
start_sender
host_wait_cycle
before=$(truth_image_end "$device")
expect_value "before" "$before" "$disk/disk_allocation-layer0"

# One that has all but a page would end by itself.
host_virsh migrate-setmaxdowntime vm1 1
host_virsh migrate --live --unsafe --undefinesource --persistent --bandwidth 1 \
    --migrateuri "unix://$HOST_DIR/migration" vm1 "$destination" >/dev/null &
migration=$!
host_switch "$second"
on_its_way() {
    [ "$(host_virsh domstate vm1 --reason 2>/dev/null)" = "paused (migrating)" ]
}
wait_until 40 on_its_way
host_wait_cycle
host_switch "$first"
host_write vm1 vda 10M 20M
host_wait_cycle
host_switch "$second"
host_wait_cycle
expect_success "it is still on its way" on_its_way
expect_series_absent vm1/virt_backing/duration-stale
expect_series_absent "$disk/count-layers"
expect_value "machines that do not answer, where it goes" 0 hv2/virt_backing/count-stalled
host_switch "$first"
host_virsh migrate-setspeed vm1 1000
host_virsh migrate-setmaxdowntime vm1 5000
expect_success "it migrates" wait "$migration"
host_wait_cycle
expect_series_absent "$disk/disk_allocation-layer0"
expect_value "machines where it was" 0 hv1/virt_backing/count-domains

host_switch "$second"
host_wait_cycle
host_flush vm1 vda
host_wait_cycle
after=$(truth_image_end "$device")
expect_success "it has grown on the way" [ "$after" -gt "$before" ]
expect_value "after" "$after" "$disk/disk_allocation-layer0"
expect_watermark "its watermark" vm1 "$device" $((56 << 20))
expect_value "machines where it is" 1 hv2/virt_backing/count-domains

# expect_scraped WHAT PORT VALUE
expect_scraped() {
    expect_soon "scraped $1" "$3" scraped_allocation "$2" vm1 vda layer0
}
expect_scraped "where it was" "${scrape[hv1]}" ""
expect_scraped "where it is" "${scrape[hv2]}" "$after"
expect_scraped "at the receiver" "${scrape[receiver]}" "$after"

for dir in "$first" "$second"; do
    host_switch "$dir"
    host_stop_collectd
done

# The receiver may write what is late out of order; the times tell.
host_switch "$receiver"
host_poll 40 same_samples "$first" "$second" || true
host_stop_collectd
expect_equal "what was sent and not received, or otherwise" "" "$(samples_differ "$first" "$second")"
expect_equal "hosts" "hv1 hv2 vm1" "$(host_series | cut -d/ -f1 | sort -u | xargs)"
expect_equal "the device's allocation over time" "$before $after" \
    "$(all_samples "$HOST_DIR" | awk -v series="$disk/disk_allocation-layer0" '$1 == series { print $3 }' |
        sed 's/\.000000$//' | uniq | xargs)"
