#!/bin/bash
# Loaded beside collectd's own virt plugin, before or after it, both report, no
# thread spins, and collectd ends at once.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.5

requires_plugin
folder=$(collectd_folder)
[ -e "$folder/virt.so" ] || skip "collectd's virt plugin is not installed"
test_start_host

host_make_image "$HOST_DIR/base.raw" raw 4M
host_make_image "$HOST_DIR/top.qcow2" qcow2 5M "$HOST_DIR/base.raw" raw
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/top.qcow2"

virt="
PluginDir \"$folder\"
LoadPlugin virt
<Plugin virt>
  Connection \"$HOST_URI\"
  HostnameFormat name
  ExtraStats \"disk disk_err disk_capacity disk_allocation disk_physical\"
</Plugin>"

# Print the processor time that collectd has used, in milliseconds.
cpu_time() {
    local ticks
    # Behind the name, which may have blanks in it: utime and stime.
    ticks=$(sed 's/^.*) //' "/proc/$HOST_COLLECTD_PID/stat" | cut -d' ' -f12,13 | tr ' ' +)
    echo $(((ticks) * 1000 / $(getconf CLK_TCK)))
}

expect_both() {
    local time cpu
    host_launch_collectd
    host_wait_fresh vm1/virt/disk_octets-vda
    host_wait_cycle
    # While the other plugin asks the domain it comes without sizes.
    host_wait_fresh vm1/virt_backing-vda/disk_capacity-layer1
    expect_layer "$1: virt_backing" vm1/virt_backing-vda layer1 \
        "$(truth_length "$HOST_DIR/base.raw")" "$(truth_du "$HOST_DIR/base.raw")" "$(truth_length "$HOST_DIR/base.raw")"

    time=$(host_now)
    cpu=$(cpu_time)
    for _ in 1 2 3; do
        host_wait_fresh vm1/virt/disk_octets-vda
        host_wait_fresh vm1/virt_backing-vda/disk_capacity-layer0
    done
    time=$(($(host_now) - time))
    cpu=$(($(cpu_time) - cpu))
    expect_success "$1: $cpu ms of processor time in $time ms" [ $((cpu * 5)) -lt $time ]

    time=$(host_now)
    host_stop_collectd
    time=$(($(host_now) - time))
    expect_success "$1: collectd ends in $time ms" [ $time -lt 30000 ]
    expect_equal "$1: collectd's exit status" 0 "$HOST_COLLECTD_STATUS"
    expect_log 0 '\[error\]|read-function.*failed'
    rm -r "$HOST_DIR/csv"
}

host_configure_collectd
printf '%s\n' "$virt" >>"$HOST_DIR/collectd.conf"
expect_both "virt loaded last"

export HOST_COLLECTD_EXTRA=$virt
host_configure_collectd
expect_both "virt loaded first"
