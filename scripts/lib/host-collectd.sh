# shellcheck shell=bash
# host-collectd.sh - the private collectd of host.sh, and its csv files read back.
#
# Environment:
#   HOST_PLUGIN_DIR        folder of virt_backing.so
#   HOST_COLLECTD_USER     run as this user instead of the one of the script;
#                          it then uses the read-only socket
#   HOST_COLLECTD_URI      Connection; default: the private daemon
#   HOST_COLLECTD_WRAPPER  command before collectd, e.g. "valgrind --log-file=..."
#   HOST_COLLECTD_ENV      variables for collectd alone: "LD_PRELOAD=... A=b"
#   HOST_COLLECTD_OPTIONS  more options of collectd itself
#   HOST_COLLECTD_EXTRA    more text for collectd.conf
#   HOST_INTERVAL          seconds between reads, 1 by default
#   HOST_TIMEOUT           Timeout where no option says one, nor StateFile, which holds
#                          for longer with it; none: the plugin's default
#   HOST_NAME              what collectd calls this host, "hypervisor" by default
# Words of WRAPPER, ENV and OPTIONS are split at spaces.

HOST_NAME=hypervisor
HOST_COLLECTD_PID=
HOST_COLLECTD_STATUS=0
HOST_COLLECTD_LOG_START=1
HOST_SAMPLE=
# What the cycle that host_wait_cycle last waited for has said is later than
# this, in milliseconds.
HOST_CYCLE=0

# Can collectd run here? Prints why not and returns 77.
host_require_collectd() {
    if ! host_find_collectd >/dev/null; then
        echo "collectd is not installed"
        return 77
    fi
    if [ ! -e "${HOST_PLUGIN_DIR:-}/virt_backing.so" ]; then
        echo "no virt_backing.so in HOST_PLUGIN_DIR='${HOST_PLUGIN_DIR:-}'"
        return 77
    fi
}

host_find_collectd() {
    PATH=$PATH:/usr/sbin:/sbin command -v collectd
}

# Write collectd.conf; the arguments are lines of <Plugin virt_backing>.
# PluginDir holds for the lines after it: collectd's own plugins come first.
host_configure_collectd() {
    local uri=${HOST_COLLECTD_URI:-$HOST_URI} line
    if [ -n "${HOST_COLLECTD_USER:-}" ] && [ -z "${HOST_COLLECTD_URI:-}" ]; then
        uri=$HOST_URI_RO
    fi
    mkdir -p "$HOST_DIR/csv"
    if [ -n "${HOST_COLLECTD_USER:-}" ]; then
        touch "$HOST_DIR"/collectd.{log,pid}
        chown -R "$HOST_COLLECTD_USER" "$HOST_DIR"/{csv,collectd.log,collectd.pid}
    fi
    cat >"$HOST_DIR/collectd.conf" <<EOF
Hostname "$HOST_NAME"
FQDNLookup false
Interval ${HOST_INTERVAL:-1}
BaseDir "$HOST_DIR"
WriteThreads 1
LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File "$HOST_DIR/collectd.log"
  PrintSeverity true
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "$HOST_DIR/csv"
  StoreRates false
</Plugin>
${HOST_COLLECTD_EXTRA:-}
EOF
    [ -n "${HOST_PLUGIN_DIR:-}" ] || return 0
    {
        echo "PluginDir \"$HOST_PLUGIN_DIR\""
        echo "LoadPlugin virt_backing"
        echo "<Plugin virt_backing>"
        [[ "$*" == *Connection* ]] || echo "  Connection \"$uri\""
        for line in "$@"; do
            echo "  $line"
        done
        [ -z "${HOST_TIMEOUT:-}" ] || [[ "$*" == *Timeout* || "$*" == *StateFile* ]] ||
            echo "  Timeout $HOST_TIMEOUT"
        echo "</Plugin>"
    } >>"$HOST_DIR/collectd.conf"
}

# Start collectd: host_start_collectd [OPTION-LINE...], for example
#   host_start_collectd 'LayerFormat index' 'BlockDevice "vm1:vda"'
host_start_collectd() {
    host_configure_collectd "$@"
    host_launch_collectd
}

# Start collectd with the configuration that is there.
host_launch_collectd() {
    local -a command=() sanitizer=() options=()
    local program
    program=$(host_find_collectd) || host_fail "collectd is not installed" || return
    if [ -n "${HOST_COLLECTD_USER:-}" ]; then
        command+=(setpriv "--reuid=$HOST_COLLECTD_USER"
            "--regid=$(id -g "$HOST_COLLECTD_USER")" --clear-groups)
    fi
    mapfile -t sanitizer < <(host_sanitizer_environment)
    # shellcheck disable=SC2206 # words are meant to be split
    options=(${HOST_COLLECTD_OPTIONS:-})
    # shellcheck disable=SC2206 # words are meant to be split
    command+=(env "${sanitizer[@]}" ${HOST_COLLECTD_ENV:-} ${HOST_COLLECTD_WRAPPER:-})
    HOST_COLLECTD_LOG_START=1
    if [ -f "$HOST_DIR/collectd.log" ]; then
        HOST_COLLECTD_LOG_START=$(($(wc -l <"$HOST_DIR/collectd.log") + 1))
    fi
    host_detached "${command[@]}" "$program" -f -C "$HOST_DIR/collectd.conf" \
        -P "$HOST_DIR/collectd.pid" "${options[@]}" </dev/null >>"$HOST_DIR/collectd.err" 2>&1 &
    HOST_COLLECTD_PID=$!
    # Does nothing after host_stop_collectd; it is for a script that was killed.
    host_on_cleanup host_end_pid "$HOST_COLLECTD_PID"
    host_poll 60 host_collectd_settled
    host_collectd_started ||
        host_fail "collectd does not start; see $HOST_DIR/collectd.err and .log"
}

# --- a plugin that was built with sanitizers ---

# Print the path of a library that the plugin needs: host_plugin_library NAME
host_plugin_library() {
    [ -e "${HOST_PLUGIN_DIR:-}/virt_backing.so" ] || return 0
    ldd "$HOST_PLUGIN_DIR/virt_backing.so" | sed -n "s/.*=> \\([^ ]*\/$1[.-][^ ]*\\) .*/\\1/p"
}

# Print what collectd's environment needs then, a variable a line. Frames carry
# the name of their module, and are found in code without frame pointers, too.
# libtirpc must be there from the start: AddressSanitizer stands in for the
# functions that libvirt calls in it, and looks for the real ones only once.
host_sanitizer_environment() {
    local library reports=$HOST_DIR/sanitizer
    library=$(host_plugin_library libasan)
    [ -n "$library" ] || return 0
    mkdir -p "$reports"
    # collectd may run as another user.
    chmod 1777 "$reports"
    echo "LD_PRELOAD=$library:$(host_plugin_library libtirpc)"
    echo "ASAN_OPTIONS=log_path=$reports/report:fast_unwind_on_malloc=0:stack_trace_format='    #%n %p in %f %S (%m)'"
    # Its findings go to stderr whatever is asked for.
    echo "UBSAN_OPTIONS=print_stacktrace=1"
    # Leaks are for host_sanitizer_findings to judge.
    echo "LSAN_OPTIONS=exitcode=0"
}

# Print what sanitizers have found: errors anywhere, and leaks of memory that
# the plugin or a tool got. What collectd itself leaks is not reported. To be
# called when the program has ended: leaks are found at its end.
host_sanitizer_findings() {
    local report
    for report in "$HOST_DIR"/sanitizer/report*; do
        [ -s "$report" ] || continue
        if grep -q 'ERROR: AddressSanitizer' "$report"; then
            cat "$report"
        else
            awk 'BEGIN { RS = ""; ORS = "\n\n" } / leak of / && /virt_backing\.so|tools\/virt-backing/' "$report"
        fi
    done
    [ ! -s "$HOST_DIR/collectd.err" ] || sed -n '/: runtime error:/,$p' "$HOST_DIR/collectd.err"
}

# What collectd has logged since its last start.
host_collectd_log() {
    tail -n "+$HOST_COLLECTD_LOG_START" "$HOST_DIR/collectd.log" 2>/dev/null
}

# True when collectd has read its configuration and reads values.
host_collectd_started() {
    host_pid_runs "$HOST_COLLECTD_PID" &&
        host_collectd_log | grep 'Initialization complete' >/dev/null
}

host_collectd_settled() {
    host_collectd_started || host_pid_ended "$HOST_COLLECTD_PID"
}

# Stop collectd and wait for its end. Prints nothing; the exit status of
# collectd is in HOST_COLLECTD_STATUS.
host_stop_collectd() {
    HOST_COLLECTD_STATUS=0
    [ -n "$HOST_COLLECTD_PID" ] || return 0
    # Under valgrind the end takes its time.
    host_end_pid "$HOST_COLLECTD_PID" 60
    # shellcheck disable=SC2034 # for those who source this
    wait "$HOST_COLLECTD_PID" 2>/dev/null || HOST_COLLECTD_STATUS=$?
    HOST_COLLECTD_PID=
}

# Stop collectd and start it with the same configuration.
host_restart_collectd() {
    host_stop_collectd
    host_launch_collectd
}

# --- the series that csv has written ---
#
# A series is told as HOST/PLUGIN-INSTANCE/TYPE-INSTANCE, as in
# vm1/virt_backing-vda/disk_allocation-layer0. Its file has the day behind its
# name: a new one each midnight.

# List the series seen, or those that match a shell pattern.
host_series() {
    find "$HOST_DIR/csv" -mindepth 3 -type f -printf '%P\n' 2>/dev/null |
        sed -E 's/-[0-9]{4}-[0-9]{2}-[0-9]{2}$//' | sort -u |
        while IFS= read -r series; do
            # shellcheck disable=SC2053 # a pattern is wanted
            [[ $series != ${1:-*} ]] || printf '%s\n' "$series"
        done
}

# Read the newest line of a series, "SECONDS.MILLISECONDS,VALUE", into HOST_SAMPLE.
# Waiting for one starts no processes.
host_read_sample() {
    local file newest='' lines last
    for file in "$HOST_DIR/csv/$1"-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]; do
        newest=$file
    done
    [ -f "$newest" ] || return 1
    mapfile lines <"$newest"
    # A line may be half written yet: it counts when its end has come.
    last=$((${#lines[@]} - 1))
    if [ $last -ge 0 ] && [[ ${lines[last]} != *$'\n' ]]; then
        last=$((last - 1))
    fi
    [ $last -ge 0 ] && [[ ${lines[last]} == [0-9]* ]] || return 1
    HOST_SAMPLE=${lines[last]%$'\n'}
}

# Print the newest line of a series.
host_sample() {
    host_read_sample "$1" && echo "$HOST_SAMPLE"
}

# Print the newest value of a series: whole numbers as such ("%f" is how csv
# writes: exact up to 2^53, with six decimals), others with their decimals.
host_value() {
    local value
    host_read_sample "$1" || return
    value=${HOST_SAMPLE#*,}
    echo "${value%.000000}"
}

# Print the time of the newest sample of a series, in milliseconds; 0 for none.
host_sample_time() {
    local time=0.000
    ! host_read_sample "$1" || time=${HOST_SAMPLE%%,*}
    echo "${time/./}"
}

# True when a series has a sample later than a time: host_series_after SERIES MS
host_series_after() {
    local time
    host_read_sample "$1" || return
    time=${HOST_SAMPLE%%,*}
    [ "${time/./}" -gt "$2" ]
}

# Wait until a series has a sample that was read after this call:
#   host_wait_fresh SERIES [SECONDS]
host_wait_fresh() {
    local now
    now=$(host_now)
    host_poll "${2:-60}" host_series_after "$1" "$now" ||
        host_fail "no new sample of $1 within ${2:-60} s"
}

# True when a VM has just missed the cycle that was waited for: libvirt gives no sizes
# of one while something is being done to it. One that hangs does so for longer.
host_has_missed() {
    tail -qn 1 "$HOST_DIR"/csv/*/virt_backing*/duration-stale-* 2>/dev/null |
        awk -F, -v cycle="$HOST_CYCLE" '
            $1 * 1000 > cycle && $2 > 0 && $2 < 5 { missed = 1 }
            END { exit !missed }'
}

# Wait until everything that a whole cycle begun after this call says is in the
# csv files: the plugin's own figures of the cycle after it have come. The cycle is
# one that no VM has just missed, if there is such a one soon.
host_wait_cycle() {
    local mark=${HOST_MARK:-$HOST_NAME/virt_backing/count-domains} turns=10
    # The first to come may have begun before this call.
    host_wait_fresh "$mark" "$@" || return
    while
        HOST_CYCLE=$(host_sample_time "$mark")
        host_wait_fresh "$mark" "$@" || return
        turns=$((turns - 1))
        [ $turns -gt 0 ] && host_has_missed
    do
        continue
    done
}
