# shellcheck shell=bash
# notify.sh - for tests of alarms: limits that fit small devices, and what collectd
# has notified of. Source it after functions.sh.

# Print integrations/thresholds.conf with its limits scaled down, bytes to WARNING
# below 2 MiB and FAILURE below 1 MiB; the examples in it hold, too.
alarm_rules() {
    sed -E 's/^( *)#-/\1  /
        s/2147483648/2097152/; s/536870912/1048576/; s/268435456/524288/; s/67108864/262144/
        s/(WarningMax) +60$/\1 3/; s/(FailureMax) +300$/\1 5/; s/(WarningMax) +16$/\1 1/' \
        "$TEST_TOP/integrations/thresholds.conf"
}

# How often a severity was told of a series since collectd's start:
#   alarm_count SEVERITY HOST/PLUGIN-INSTANCE/TYPE-INSTANCE
alarm_count() {
    local host plugin type fields
    IFS=/ read -r host plugin type <<<"$2"
    fields="plugin = ${plugin%%-*}, "
    [[ $plugin != *-* ]] || fields+="plugin_instance = ${plugin#*-}, "
    fields+="type = ${type%%-*}, type_instance = ${type#*-}, "
    log_count "Notification: severity = $1, host = $host, ${fields}message = "
}

# alarm_told SEVERITY SERIES [TIMES]: it was told that often, or oftener
alarm_told() {
    [ "$(alarm_count "$1" "$2")" -ge "${3:-1}" ]
}

# expect_alarm WHAT SEVERITY SERIES [TIMES]: it comes, and no oftener than so
expect_alarm() {
    if host_poll 40 alarm_told "$2" "$3" "${4:-1}"; then
        expect_equal "$1: $2 of $3" "${4:-1}" "$(alarm_count "$2" "$3")"
    else
        fail "$1: no $2 of $3 (times: ${4:-1})"
    fi
}

# Print the messages told of a series, oldest first, as "SEVERITY MESSAGE":
#   alarm_messages HOST/PLUGIN-INSTANCE/TYPE-INSTANCE
alarm_messages() {
    local host plugin type instance=
    IFS=/ read -r host plugin type <<<"$1"
    [[ $plugin != *-* ]] || instance="plugin_instance = ${plugin#*-}, "
    host_collectd_log |
        sed -n "s/.*Notification: severity = \\([A-Z]*\\), host = $host, plugin = ${plugin%%-*}, ${instance}type = ${type%%-*}, type_instance = ${type#*-}, message = /\\1 /p"
}

# True when a message that fits an extended regular expression was told of a series:
#   alarm_said SERIES REGEX
alarm_said() {
    alarm_messages "$1" | grep -xE -- "$2" >/dev/null
}

# expect_said WHAT SERIES REGEX: it is said within a few seconds, and once
expect_said() {
    host_poll 40 alarm_said "$2" "$3" || true
    expect_equal "$1: times that '$3' was told of $2" 1 \
        "$(alarm_messages "$2" | grep -cxE -- "$3" || true)"
}

# Print the layers of a VM that have a block threshold, as libvirt says it:
# "INDEX=BYTES" a line.
thresholds_of() {
    host_virsh domstats --block --backing "$1" | awk -F= '
        /backingIndex=/ { index_ = $2 }
        /\.threshold=/ { print index_ "=" $2 }'
}

# Print libvirt's index of a layer by its path: layer_index VM PATH
layer_index() {
    host_virsh domstats --block --backing "$1" | awk -F= -v path="$2" '
        /\.path=/ { found = $2 == path }
        /backingIndex=/ && found { print $2; exit }'
}

# threshold_is VM PATH BYTES: libvirt has it set on that layer
threshold_is() {
    thresholds_of "$1" | grep -xF -- "$(layer_index "$1" "$2")=$3" >/dev/null
}

# expect_watermark WHAT VM PATH BYTES: the plugin's own threshold for it, which ends as
# nobody else's does, is set
expect_watermark() {
    expect_threshold "$1" "$2" "$3" $(($4 / 512 * 512 + 173))
}

# expect_threshold WHAT VM PATH BYTES
expect_threshold() {
    host_poll 40 threshold_is "$2" "$3" "$4" || true
    expect_equal "$1: threshold of $3" "$(layer_index "$2" "$3")=$4" \
        "$(thresholds_of "$2" | grep "^$(layer_index "$2" "$3")=" || true)"
}
