# shellcheck shell=bash
# snmp.sh - an snmpd and a virt-backing-snmp of the test's own, on a port of loopback,
# and what managers get from them. Source it after functions.sh. Nothing of this
# machine's net-snmp is read: no configuration, and no MIB but this project's.

SNMP_PORT=
SNMP_MASTER_PID=
SNMP_AGENT_PID=
SNMP_BASE=.1.3.6.1.4.1.8072.9999.9999.8666
SNMP_MIB_DIR=$TEST_TOP/integrations/snmp
SNMP_TABLE=VIRT-BACKING-MIB::virtBackingLayerTable

requires_snmp() {
    find_snmpd >/dev/null || skip "snmpd is not installed"
    requires_program snmptable
    [ -x "$(snmp_program)" ] || skip "virt-backing-snmp was not built"
}

find_snmpd() {
    PATH=$PATH:/usr/sbin:/sbin command -v snmpd
}

snmp_program() {
    echo "$BUILD_DIR/tools/snmp/virt-backing-snmp"
}

# The folder of all that is net-snmp's here.
snmp_prepare() {
    mkdir -p "$HOST_DIR/snmp/state/cert_indexes"
    export SNMPCONFPATH=$HOST_DIR/snmp SNMP_PERSISTENT_DIR=$HOST_DIR/snmp/state MIBS=
}

# snmp_start_master: snmpd, on the port that it had before
snmp_start_master() {
    local try port
    snmp_prepare
    for try in 1 2 3 4 5 6 7 8 9 10; do
        port=${SNMP_PORT:-$((20000 + RANDOM % 20000 + try))}
        snmp_launch_master "$port"
        if host_poll 40 snmp_master_settled && host_pid_runs "$SNMP_MASTER_PID"; then
            SNMP_PORT=$port
            return
        fi
    done
    tail -n 20 "$HOST_DIR/snmpd.log"
    host_fail "snmpd does not start"
}

snmp_launch_master() {
    # As Debian's, with what the README says.
    cat >"$HOST_DIR/snmp/snmpd.conf" <<END
agentaddress udp:127.0.0.1:$1
view systemonly included .1.3.6.1.2.1.1
rocommunity public default -V systemonly
agentXSocket $HOST_DIR/agentx
agentXTimeout 60
$(sed -nE 's/^    (master |view )/\1/p' "$SNMP_MIB_DIR/README.md" | sed "s/ \.1\.3.*/ $SNMP_BASE/")
END
    : >"$HOST_DIR/snmpd.log"
    host_detached "$(find_snmpd)" -f -Lf "$HOST_DIR/snmpd.log" -C -c "$HOST_DIR/snmp/snmpd.conf" \
        -I -smux,mteTrigger,mteTriggerConf </dev/null >>"$HOST_DIR/snmpd.out" 2>&1 &
    SNMP_MASTER_PID=$!
    host_on_cleanup host_end_pid "$SNMP_MASTER_PID"
}

snmp_master_settled() {
    grep 'NET-SNMP version' "$HOST_DIR/snmpd.log" >/dev/null || host_pid_ended "$SNMP_MASTER_PID"
}

snmp_stop_master() {
    host_end_pid "$SNMP_MASTER_PID" 10
    wait "$SNMP_MASTER_PID" 2>/dev/null || true
}

# Does not wait until it serves. Words in SNMP_AGENT_OPTIONS are more options.
snmp_start_agent() {
    # shellcheck disable=SC2086 # words are meant to be split
    host_detached env ASAN_OPTIONS="log_path=$HOST_DIR/agent-sanitizer" ${SNMP_AGENT_WRAPPER:-} \
        "$(snmp_program)" -s "$HOST_DIR/state" -x "$HOST_DIR/agentx" ${SNMP_AGENT_OPTIONS:-} \
        </dev/null >>"$HOST_DIR/agent.log" 2>&1 &
    SNMP_AGENT_PID=$!
    host_on_cleanup host_end_pid "$SNMP_AGENT_PID"
}

# It ends by itself when it is told to, and with nothing to complain of.
snmp_stop_agent() {
    local status=0
    host_end_pid "$SNMP_AGENT_PID" 40
    wait "$SNMP_AGENT_PID" || status=$?
    expect_equal "exit status of virt-backing-snmp" 0 "$status"
    expect_equal "sanitizers on virt-backing-snmp" "" \
        "$(cat "$HOST_DIR"/agent-sanitizer* 2>/dev/null; sed -n '/runtime error/p' "$HOST_DIR/agent.log")"
}

# --- a manager ---

# snmp_ask COMMAND ARGUMENT...: run a manager's command. What it says on stderr is
# an error, and goes to stdout.
snmp_ask() {
    local command=$1
    shift
    "${SNMP_WRAPPER[@]}" "$command" -v2c -c public -r 1 -t 5 -M "$SNMP_MIB_DIR" -m VIRT-BACKING-MIB -OU \
        "${SNMP_OPTIONS[@]}" "127.0.0.1:$SNMP_PORT" "$@" 2>&1
}
SNMP_OPTIONS=()
SNMP_WRAPPER=()

# Print the table, a row a line: "VM DISK LAYER|CAPACITY|ALLOCATION|PHYSICAL|HEADROOM|
# PERCENT|INDEX|ROLE|FORMAT|PATH"; "?" is what has no instance.
snmp_table() {
    SNMP_OPTIONS=(-Ci -CH -Cf '|' -Cr 20)
    snmp_ask snmptable "$SNMP_TABLE" | sed -E '/^$/d; /No entries$/d; s/^"([^|]*)"\|/\1|/; s/"\."/ /g'
    SNMP_OPTIONS=()
}

# snmp_get OBJECT...: values alone
snmp_get() {
    SNMP_OPTIONS=(-Oqv)
    snmp_ask snmpget "${@/#/VIRT-BACKING-MIB::}"
    SNMP_OPTIONS=()
}

# How many rows there are; nothing where nothing is known.
snmp_count() {
    snmp_get virtBackingLayers.0 | sed -n '/^[0-9][0-9]*$/p'
}

# As host_poll, but each try is a burst of requests of its own: within one the rows stay
# the same.
snmp_poll() {
    local end=$(($(host_now) + $1 * 1000))
    shift
    until "$@"; do
        [ "$(host_now)" -lt "$end" ] || return 1
        sleep 0.6
    done
}

# expect_count WHAT COUNT [SECONDS]: number of rows, within some time
expect_count() {
    snmp_poll "${3:-60}" prints "$2" snmp_count || true
    expect_equal "$1: rows" "$2" "$PRINTED"
}

# The beginning of what there is in place of the number of rows.
snmp_count_start() {
    snmp_get virtBackingLayers.0 | cut -c -7
}

# expect_nothing WHAT: snmpd answers, and has no number of rows
expect_nothing() {
    snmp_poll 60 prints "No Such" snmp_count_start || true
    expect_equal "$1" "No Such" "$PRINTED"
}

# expect_table WHAT ROWS [SECONDS]
expect_table() {
    snmp_poll "${3:-60}" prints "$2" snmp_table || true
    expect_equal "$1" "$2" "$PRINTED"
}

# --- the truth ---

# Index of an image, as libvirt says: truth_index VM PATH
truth_index() {
    host_virsh domstats --block --backing "$1" | awk -F= -v path="$2" '
        / *block\.[0-9]+\.path=/ && substr($0, index($0, "=") + 1) == path { found = 1 }
        /\.backingIndex=/ && found { print $2; exit }'
}

# Print the row of an image on a file: truth_snmp_row VM DISK LAYER FORMAT PATH. As
# long as it has room, headroom of the active layer is its capacity.
truth_snmp_row() {
    local vm=$1 disk=$2 layer=$3 format=$4 path=$5 capacity used role=backing rest='?|?'
    capacity=$(truth_virtual_size "$format" "$path")
    used=$(truth_du "$path")
    if [ "$layer" = layer0 ]; then
        role=active
        rest="$capacity|$(snmp_percent "$used" "$capacity")"
    fi
    echo "$vm $disk $layer|$capacity|$used|$(truth_length "$path")|$rest|$(
        truth_index "$vm" "$path")|$role|$format|$path"
}

# Hundredths, cut off: snmp_percent PART WHOLE
snmp_percent() {
    local hundredths=$((10000 * $1 / $2))
    printf '%d.%02d' $((hundredths / 100)) $((hundredths % 100))
}
