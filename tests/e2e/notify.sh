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
    if host_poll 15 alarm_told "$2" "$3" "${4:-1}"; then
        expect_equal "$1: $2 of $3" "${4:-1}" "$(alarm_count "$2" "$3")"
    else
        fail "$1: no $2 of $3 (times: ${4:-1})"
    fi
}
