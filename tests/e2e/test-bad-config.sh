#!/bin/bash
# A mistake in the configuration keeps collectd from starting: it exits with an
# error, and the log has one line for each mistake that names the option, the value
# and what is allowed. Without a <Plugin> block the plugin works, and so does
# collectd -T.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_COLLECTD_URI=test:///default
export HOST_INTERVAL=0.3

requires host_require_collectd
host_create
trap test_end EXIT

# expect_refused COUNT OPTION-LINE...: collectd does not start, for COUNT mistakes
expect_refused() {
    local count=$1 status=0
    shift
    host_start_collectd "$@" 2>/dev/null || status=$?
    host_stop_collectd
    expect_success "refused: $*" [ $status -ne 0 ]
    expect_success "exit status is not 0" [ "$HOST_COLLECTD_STATUS" -ne 0 ]
    expect_log "$count" '\[error\] virt_backing: '
    expect_no_series '*virt_backing*'
}

# expect_mistake VALUE ALLOWED OPTION-LINE: one mistake, told in one line
expect_mistake() {
    local option=${3%% *}
    expect_refused 1 "$3"
    expect_log 1 "\[error\] virt_backing: option $option: \"$1\" is not allowed; allowed is .*$2"
}

expect_refused 1 'Conection "qemu:///system"'
expect_log 1 'unknown option Conection \(value "qemu:///system"\); allowed are Connection, .*Volumes, .*, WatermarkReplace$'

expect_mistake '' 'libvirt URI' 'Connection ""'
expect_mistake '-1' 'from 0 to 86400' 'RefreshInterval -1'
expect_mistake '86401' 'from 0 to 86400' 'RefreshInterval 86401'
expect_mistake '1\.5' 'from 0 to 86400' 'RefreshInterval 1.5'
expect_mistake 'soon' 'from 0 to 86400' 'RefreshInterval "soon"'
expect_mistake '0' 'from 1 to 86400' 'InactiveInterval 0'
expect_mistake '86401' 'from 1 to 86400' 'InactiveInterval 86401'
expect_mistake 'often' 'true or false' 'InactiveDomains "often"'
expect_mistake '' 'name' 'Domain ""'
expect_mistake '/\(/' 'regular expression.*[Uu]nmatched' 'Domain "/(/"'
expect_mistake '/\[a-/' 'regular expression.*[Uu]nmatched' 'BlockDevice "/[a-/"'
expect_mistake 'perhaps' 'true or false' 'IgnoreSelected "perhaps"'
expect_mistake 'disk' 'name, uuid, hostname, metadata' 'HostnameFormat "disk"'
expect_mistake 'name name' 'name, uuid, hostname, metadata' 'HostnameFormat "name name"'
expect_mistake 'disk name' 'disk, and before it any of' 'PluginInstanceFormat "disk name"'
expect_mistake 'name' 'disk, and before it any of' 'PluginInstanceFormat "name"'
expect_mistake '' 'XML namespace' 'HostnameMetadataNS ""'
expect_mistake '/instance\[' 'XPath' 'HostnameMetadataXPath "/instance["'
expect_mistake 'width' 'depth or index' 'LayerFormat "width"'
expect_mistake 'maybe' 'auto, true or false' 'LocalImages "maybe"'
expect_mistake '' 'name' 'StoragePool ""'
expect_mistake '/\(/' 'regular expression.*[Uu]nmatched' 'StoragePool "/(/"'
expect_mistake 'all' 'true or false' 'Volumes "all"'
expect_mistake '10GB' 'bytes .* such as 10G' 'WatermarkFree "10GB"'
expect_mistake '100' 'from 1 to 99' 'WatermarkPercent 100'
expect_mistake 'sometimes' 'true or false' 'WatermarkReplace "sometimes"'
expect_mistake 'all' 'true or false' 'Notifications "all"'
expect_mistake 'all' 'true or false' 'BlockJobs "all"'

expect_refused 1 'HostnameFormat "hostname"'
expect_log 1 'option HostnameFormat: "hostname" alone is not allowed .*; allowed is a name, uuid or metadata'
expect_refused 1 'Domain "a" "b"'
expect_log 1 'option Domain: 2 values are not allowed'
expect_refused 3 'Nonsense true' 'RefreshInterval never' 'LayerFormat depth' 'LocalImages maybe'

# Without a <Plugin> block libvirt's default URI counts.
export HOST_COLLECTD_ENV=LIBVIRT_DEFAULT_URI=test:///default
host_configure_collectd
sed -i '/^<Plugin virt_backing>/,/^<\/Plugin>/d' "$HOST_DIR/collectd.conf"
host_launch_collectd
host_wait_cycle
expect_value "layers, without a block" 1 test/virt_backing-vda/count-layers
host_stop_collectd

# It reads once, and waits for a second at most: on a slow machine too short a time.
HOST_INTERVAL=20 host_configure_collectd
reads_once() {
    HOST_COLLECTD_OPTIONS=-T host_launch_collectd 2>/dev/null || true # it ends without a word
    host_stop_collectd
    log_has ' virt_backing: connected to '
}
wait_until 60 reads_once
expect_equal "exit status of collectd -T" 0 "$HOST_COLLECTD_STATUS"
expect_log 1 ' virt_backing: connected to test:///default$'
expect_log 1 ' virt_backing: '
