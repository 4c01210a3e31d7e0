# shellcheck shell=bash
# nagios.sh - a Nagios of the test's own, with the objects of integrations/nagios, and
# what it thinks of its services. Source it after functions.sh.

NAGIOS_PID=

requires_nagios() {
    find_nagios >/dev/null || skip "nagios is not installed"
    requires_program collectd-nagios
}

# Print what collectd.conf needs for the checks, and for notify-nagios.
nagios_collectd_conf() {
    cat <<END
LoadPlugin unixsock
<Plugin unixsock>
  SocketFile "$HOST_DIR/collectd.sock"
  SocketPerms "0666"
</Plugin>
LoadPlugin exec
<Plugin exec>
  NotificationExec "nobody" "$HOST_DIR/nagios/notify-nagios" "$HOST_DIR/nagios/nagios.cmd"
</Plugin>
Include "$HOST_DIR/thresholds.conf"
END
}

# Debian calls it nagios4, others nagios.
find_nagios() {
    PATH=$PATH:/usr/sbin:/sbin command -v nagios4 || PATH=$PATH:/usr/sbin:/sbin command -v nagios
}

# What status.dat has of a service, in one line: service_fields HOST DESCRIPTION FIELD...
service_fields() {
    host="$1" service="$2" fields="${*:3}" awk '
        BEGIN { count = split(ENVIRON["fields"], field, " ") }
        /^servicestatus \{/ { inside = 1; delete value }
        inside && (at = index($0, "=")) { value[substr($0, 2, at - 2)] = substr($0, at + 1) }
        /^\t}/ && inside {
            inside = 0
            if (value["host_name"] == ENVIRON["host"] && value["service_description"] == ENVIRON["service"])
                for (i = 1; i <= count; i++)
                    printf "%s%s", value[field[i]], i < count ? " " : "\n"
        }' "$HOST_DIR/nagios/status.dat" 2>/dev/null
}

# Its state: service_state HOST DESCRIPTION
service_state() {
    local checked state
    read -r checked state < <(service_fields "$1" "$2" has_been_checked current_state) || return 0
    [ "$checked" = 1 ] || state=pending
    echo "$state"
}

service_is() {
    [ "$(service_state "$1" "$2")" = "$3" ]
}

# expect_service WHAT HOST SERVICE STATE: soon, or when Nagios has asked for it, since the
# result of a check that began before may come after what was told
expect_service() {
    if ! host_poll 30 prints "$4" service_state "$2" "$3"; then
        ask_for "$2" "$3"
        host_poll 30 prints "$4" service_state "$2" "$3" || true
    fi
    expect_equal "$1: state of $2 $3" "$4" "$PRINTED"
}

# stays SECONDS STATE HOST SERVICE: it has that state all the time
stays() {
    local end=$(($(host_now) + $1 * 1000))
    while [ "$(host_now)" -lt "$end" ]; do
        service_is "$3" "$4" "$2" || return
        sleep 0.2
    done
}

# Have Nagios ask for a service, as the freshness check does: ask_for HOST SERVICE
# That one can't be waited for: where a result comes just when Nagios 4.4 is about to ask,
# it never asks for the service again.
ask_for() {
    asked=$(date +%s)
    echo "[$asked] SCHEDULE_FORCED_SVC_CHECK;$1;$2;$asked" >"$HOST_DIR/nagios/nagios.cmd"
}

# It has an answer since: was_asked HOST SERVICE
was_asked() {
    local type checked
    read -r type checked < <(service_fields "$1" "$2" check_type last_check) &&
        [ "$type" = 0 ] && [ "$checked" -ge "$asked" ]
}

# expect_steadily WHAT STATE SERVICE: of vm1, also when Nagios asks for it, and once more
expect_steadily() {
    local time
    expect_success "$1: $3 stays $2" stays 9 "$2" vm1 "$3"
    for time in once "once more"; do
        # Nagios counts in seconds: an answer must be one to this question.
        sleep 1
        ask_for vm1 "$3"
        expect_success "$1: $3 was asked for $time" host_poll 40 was_asked vm1 "$3"
        expect_success "$1: $3 is $2 still" service_is vm1 "$3" "$2"
    done
}

# Print what Nagios says of a service: service_output HOST DESCRIPTION
service_output() {
    grep -A 60 -F "host_name=$1" "$HOST_DIR/nagios/status.dat" | grep -A 60 -F "service_description=$2" |
        sed -n 's/^\tplugin_output=//p' | head -n 1
}

# Standard input as it is, but for paths, users and limits.
nagios_fitted() {
    sed -e "s|/usr/local/lib/virt_backing/|$HOST_DIR/nagios/|; s|/var/run/collectd-unixsock|$HOST_DIR/collectd.sock|" \
        -e "s|/var/lib/nagios4/rw/|$HOST_DIR/nagios/|; s|/etc/collectd/|$HOST_DIR/|" \
        -e "s/SocketGroup \"nagios\"/SocketGroup \"$(id -gn nobody)\"/; s/NotificationExec \"nagios\"/NotificationExec \"nobody\"/" \
        -e 's/2147483648/2097152/; s/536870912/1048576/; s/"2G"/"2M"/; s/\bhv1$/hypervisor/'
}

# The example, fitted, with a second for each minute.
nagios_example() {
    nagios_fitted <"$TEST_TOP/integrations/nagios/virt_backing.cfg" |
        sed 's/^\( *freshness_threshold *\)300/\1'"$1"'/'
}

# What the example takes from elsewhere.
nagios_surroundings() {
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

# start_nagios FRESHNESS [COMMAND...]: with a configuration of its own, as nobody; the
# command is a filter for the example
start_nagios() {
    local dir=$HOST_DIR/nagios script
    local -a filter=("${@:2}")
    [ $# -gt 1 ] || filter=(cat)
    mkdir -p "$dir/spool" "$dir/archives"
    # What an earlier one has left must not be taken for this one's.
    rm -f "$dir/status.dat" "$dir/nagios.cmd"
    for script in check-series notify-nagios; do
        nagios_fitted <"$TEST_TOP/integrations/nagios/$script" >"$dir/$script"
        chmod 0755 "$dir/$script"
    done
    {
        nagios_example "$1" | "${filter[@]}"
        nagios_surroundings
    } >"$dir/objects.cfg"
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
    host_poll 40 nagios_settled || true
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
        host_poll 40 host_pid_ended "$pid" || host_end_pid "$pid" 1
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

# output_says SERVICE TEXT: what Nagios says of the service of vm1 has it
output_says() {
    [[ "$(service_output vm1 "$1")" == *"$2"* ]]
}
