#!/bin/bash
# A Nagios with the objects of integrations/nagios: a disk runs full, and both its
# active check and its passive service, by collectd's notification, are CRITICAL, then
# OK when the device has grown. A series that ends while its passive service is
# CRITICAL leaves it OK by the freshness check; not so a collectd that has ended.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

# Debian calls it nagios4, others nagios.
find_nagios() {
    PATH=$PATH:/usr/sbin:/sbin command -v nagios4 || PATH=$PATH:/usr/sbin:/sbin command -v nagios
}

# A service's state, as status.dat has it: service_state HOST DESCRIPTION
service_state() {
    host="$1" service="$2" awk -F= '
        /^servicestatus \{/ { inside = 1; host = service = state = checked = "" }
        $1 == "\thost_name" { host = $2 }
        $1 == "\tservice_description" { service = $2 }
        $1 == "\thas_been_checked" { checked = $2 }
        $1 == "\tcurrent_state" { state = $2 }
        /^\t}/ && inside {
            inside = 0
            if (host == ENVIRON["host"] && service == ENVIRON["service"])
                print checked == 1 ? state : "pending"
        }' "$HOST_DIR/nagios/status.dat" 2>/dev/null
}

service_is() {
    [ "$(service_state "$1" "$2")" = "$3" ]
}

# expect_service WHAT HOST SERVICE STATE
expect_service() {
    host_poll 20 service_is "$2" "$3" "$4" || true
    expect_equal "$1: state of $2 $3" "$4" "$(service_state "$2" "$3")"
}

# Print what Nagios says of a service: service_output HOST DESCRIPTION
service_output() {
    grep -A 60 -F "host_name=$1" "$HOST_DIR/nagios/status.dat" | grep -A 60 -F "service_description=$2" |
        sed -n 's/^\tplugin_output=//p' | head -n 1
}

# The example as it is, but for paths, limits and times: a second is a minute here.
nagios_objects() {
    sed -e "s|/usr/local/lib/virt_backing/|$HOST_DIR/nagios/|; s|/var/run/collectd-unixsock|$HOST_DIR/collectd.sock|" \
        -e 's/2147483648/2097152/; s/536870912/1048576/; s/\bhv1$/hypervisor/' \
        -e 's/^\( *freshness_threshold *\)300/\1'"$1"'/' \
        "$TEST_TOP/integrations/nagios/virt_backing.cfg"
    cat <<END
define timeperiod {
    timeperiod_name 24x7
    alias           always
    sunday          00:00-24:00
    monday          00:00-24:00
    tuesday         00:00-24:00
    wednesday       00:00-24:00
    thursday        00:00-24:00
    friday          00:00-24:00
    saturday        00:00-24:00
}
define command {
    command_name    nothing
    command_line    true
}
define contact {
    contact_name                  admin
    host_notification_period      24x7
    host_notification_options     n
    host_notification_commands    nothing
    service_notification_period   24x7
    service_notification_options  n
    service_notification_commands nothing
}
define host {
    name                generic-host
    contacts            admin
    notification_period 24x7
    register            0
}
define service {
    name                generic-service
    contacts            admin
    check_period        24x7
    notification_period 24x7
    register            0
}
END
}

# start_nagios FRESHNESS: with a configuration of its own, as nobody
start_nagios() {
    local dir=$HOST_DIR/nagios
    mkdir -p "$dir/spool" "$dir/archives"
    # What an earlier one has left must not be taken for this one's.
    rm -f "$dir/status.dat" "$dir/nagios.cmd"
    cp "$TEST_TOP"/integrations/nagios/{check-series,notify-nagios} "$dir/"
    nagios_objects "$1" >"$dir/objects.cfg"
    cat >"$dir/nagios.cfg" <<END
cfg_file=$dir/objects.cfg
log_file=$dir/nagios.log
log_archive_path=$dir/archives
object_cache_file=$dir/objects.cache
precached_object_file=$dir/objects.precache
status_file=$dir/status.dat
state_retention_file=$dir/retention.dat
command_file=$dir/nagios.cmd
lock_file=$dir/nagios.pid
temp_file=$dir/nagios.tmp
temp_path=$dir
check_result_path=$dir/spool
query_socket=$dir/nagios.qh
debug_file=$dir/nagios.debug
nagios_user=nobody
nagios_group=$(id -gn nobody)
illegal_object_name_chars=\`~!\$%^&*|'"<>?,()=
illegal_macro_output_chars=\`~\$&|'"<>
check_external_commands=1
check_service_freshness=1
service_freshness_check_interval=1
status_update_interval=1
interval_length=1
service_inter_check_delay_method=n
retain_state_information=0
enable_notifications=0
check_for_updates=0
use_syslog=0
log_rotation_method=n
check_workers=2
END
    chown -R nobody:"$(id -gn nobody)" "$dir"
    host_detached setpriv "--reuid=nobody" "--regid=$(id -g nobody)" --clear-groups \
        "$(find_nagios)" "$dir/nagios.cfg" </dev/null >>"$dir/nagios.out" 2>&1 &
    NAGIOS_PID=$!
    host_on_cleanup end_nagios "$NAGIOS_PID"
    host_poll 20 nagios_settled || true
    if ! [ -p "$dir/nagios.cmd" ]; then
        tail -n 30 "$dir/nagios.out" "$dir/nagios.log"
        host_fail "Nagios does not start"
    fi
}

nagios_settled() {
    [ -p "$HOST_DIR/nagios/nagios.cmd" ] || host_pid_ended "$NAGIOS_PID"
}

# end_nagios PID: its workers end with it, or by force
end_nagios() {
    local pid
    host_end_pid "$1" 10
    for pid in $(nagios_workers); do
        host_poll 5 host_pid_ended "$pid" || host_end_pid "$pid" 1
    done
}

nagios_workers() {
    local file
    for file in /proc/[0-9]*/cmdline; do
        # shellcheck disable=SC2094 # its name alone is told
        if tr '\0' ' ' 2>/dev/null <"$file" | grep -F -- "$HOST_DIR/nagios/nagios." >/dev/null; then
            basename "$(dirname "$file")"
        fi
    done
}

requires_plugin
requires_loop
find_nagios >/dev/null || skip "nagios is not installed"
requires_program collectd-nagios
export HOST_INTERVAL=0.5
test_start_host

passive=virt_backing-vda/disk_headroom-layer0
active='headroom of vda'
device=$(host_make_loop 4M)
host_make_image "$device" qcow2 32M
host_start_vm vm1 "vda:qcow2:block:$device"

start_nagios 3600
alarm_rules >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA='Timeout 6
LoadPlugin unixsock
<Plugin unixsock>
  SocketFile "'$HOST_DIR'/collectd.sock"
  SocketPerms "0666"
</Plugin>
LoadPlugin exec
<Plugin exec>
  NotificationExec "nobody" "'$HOST_DIR'/nagios/notify-nagios" "'$HOST_DIR'/nagios/nagios.cmd"
</Plugin>
Include "'$HOST_DIR'/thresholds.conf"' host_start_collectd
host_wait_cycle

expect_service "with room, by notification" vm1 "$passive" 0
expect_service "with room, asked" vm1 "$active" 0
expect_service "the plugin reports" hypervisor virt_backing/count-domains 0
expect_service "the machine answers" vm1 virt_backing/duration-stale 0
expect_service "no copy, nothing was told" vm1 virt_backing-vda/disk_headroom-mirror pending

host_write vm1 vda 0 2M
expect_service "little room, by notification" vm1 "$passive" 1
expect_service "little room, asked" vm1 "$active" 1
host_write vm1 vda 2M 1M
expect_service "hardly any room, by notification" vm1 "$passive" 2
expect_service "hardly any room, asked" vm1 "$active" 2
expect_success "the text of the notification" \
    test_match '.*disk_headroom .instance layer0.*below the failure threshold.*' "$(service_output vm1 "$passive")"
host_grow_loop "$device" 8M
expect_service "device grown, by notification" vm1 "$passive" 0
expect_service "device grown, asked" vm1 "$active" 0

# Its series end while it alarms. The active check sees it, the notifications do not.
host_write vm1 vda 8M 4M
expect_service "full again" vm1 "$passive" 2
expect_service "full again, asked" vm1 "$active" 2
host_destroy_vm vm1
expect_service "off, asked" vm1 "$active" 0
expect_equal "off, nobody has told: state" 2 "$(service_state vm1 "$passive")"

# Once more, with results that are stale after a second.
end_nagios "$NAGIOS_PID"
expect_equal "processes of Nagios after its end" "" "$(nagios_workers)"
start_nagios 1
host_start_vm vm1
expect_service "on again, and still full" vm1 "$passive" 2
host_destroy_vm vm1
expect_service "off: stale, so it is asked" vm1 "$passive" 0
expect_success "off: what it says" test_match '.*is not reported.*' "$(service_output vm1 "$passive")"
host_stop_collectd
expect_service "no collectd" vm1 "$passive" 3
expect_service "no collectd" vm1 "$active" 3
expect_service "no collectd" hypervisor virt_backing/count-domains 2
