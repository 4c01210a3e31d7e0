# shellcheck shell=bash
# samples.sh - for tests of what happens over time: all that the csv files hold,
# not the newest values alone. Source it after functions.sh.
#
# A cycle gives all its samples the same time. A row is what one cycle said of
# some series, in one line: "TYPE-INSTANCE=VALUE ..." in the order of the names.

# Print all values of a series, oldest first.
series_values() {
    sed -s '1d; s/.*,//; s/\.000000$//' "$HOST_DIR/csv/$1"-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]
}

# Print the times of all samples of a series.
series_times() {
    sed -s '1d; s/,.*//' "$HOST_DIR/csv/$1"-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]
}

# Print the rows of HOST/PLUGIN-INSTANCE, oldest first: of what the images are,
# not of what room they have left (disk_headroom, percent). The last one may be
# half written while collectd runs.
series_rows() {
    (
        cd "$HOST_DIR/csv/$1" || exit
        for file in *; do
            [[ $file != disk_headroom-* && $file != percent-* ]] || continue
            sed "1d; s/\.000000\$//; s/,/ ${file%-????-??-??}=/" "$file"
        done
    ) | LC_ALL=C sort | awk '
        $1 != time { if (time) print row; time = $1; row = $2; next }
        { row = row " " $2 }
        END { if (time) print row }'
}

# Print the row that a disk has which is a chain of these files, the active
# layer first: truth_row FORMAT FILE...
truth_row() {
    local format=$1 file row='' depth=0
    shift
    row="count-layers=$#"
    for file in "$@"; do
        row+=" disk_capacity-layer$depth=$(truth_virtual_size "$format" "$file")"
        row+=" disk_allocation-layer$depth=$(truth_du "$file")"
        row+=" disk_physical-layer$depth=$(truth_length "$file")"
        depth=$((depth + 1))
    done
    tr ' ' '\n' <<<"$row" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'
}

# expect_rows WHAT HOST/PLUGIN-INSTANCE ROW...: the disk had these rows, each at
# least once, in this order, and never any other. A row may lack values, but have
# no other ones: libvirt gives no sizes while something is being done to a VM.
# collectd must be stopped.
expect_rows() {
    local what=$1 disk=$2
    shift 2
    expect_equal "$what: cycles that are not as they must be" "" "$(series_rows "$disk" |
        truth="$(printf '%s\n' "$@")" awk '
            function part_of(row, whole,    values, n, i) {
                n = split(row, values, " ")
                for (i = 1; i <= n; i++)
                    if (!index(" " whole " ", " " values[i] " "))
                        return 0
                return 1
            }
            BEGIN { stages = split(ENVIRON["truth"], stage, "\n"); now = 1 }
            now < stages && !part_of($0, stage[now]) && part_of($0, stage[now + 1]) { now++ }
            !part_of($0, stage[now]) { print "wrong: " $0; print "where: " stage[now] }
            $0 == stage[now] { seen[now] = 1 }
            END { for (i = 1; i <= stages; i++) if (!seen[i]) print "never: " stage[i] }')"
}

# expect_between WHAT LOW SERIES COMMAND...: the newest value, of something that grows,
# is at least LOW, and at most what the command prints when the value has been read
expect_between() {
    local what=$1 low=$2 series=$3 value high
    shift 3
    value=$(host_value "$series") || value=none
    high=$("$@")
    if [[ $value =~ ^[0-9]+$ ]] && [ "$value" -ge "$low" ] && [ "$value" -le "$high" ]; then
        echo "ok: $what: $low <= $value <= $high"
    else
        fail "$what: expected $low to $high, found '$value'"
    fi
}

# Print how many times a value of standard input, a line each, is larger than the one
# before; or where it shrank by a cluster and more: a file
# system may give back a block of those that it took in advance.
rises() {
    awk '
        NR > 1 && $1 + 65536 <= last { print "from " last " to " $1; shrunk = 1; exit }
        NR > 1 && $1 > last { rises++ }
        { last = $1 }
        END { if (!shrunk) print rises + 0 }'
}

series_rises() {
    series_values "$1" | rises
}

# has_grown TIMES SERIES: it never shrank, and grew so many times
has_grown() {
    local rises
    rises=$(series_rises "$2")
    [[ $rises =~ ^[0-9]+$ ]] && [ "$rises" -ge "$1" ]
}

# expect_growth WHAT TIMES SERIES
expect_growth() {
    if has_grown "$2" "$3"; then
        echo "ok: $1: grew $2 times"
    else
        fail "$1: expected to grow $2 times, found '$(series_rises "$3")'"
    fi
}

# expect_steady WHAT SERIES: not one cycle without a sample between its first
# sample and the end. collectd must be stopped.
expect_steady() {
    local first missing
    first=$(series_times "$2" | sed -n 1p)
    missing=$(series_times hypervisor/virt_backing/count-domains |
        awk -v first="$first" '$1 >= first' | grep -vxF -f <(series_times "$2")) || true
    expect_equal "$1: cycles without it" "" "$missing"
}

# --- block jobs ---

job_ended() {
    ! host_virsh blockjob "$1" "$2" 2>&1 | grep . >/dev/null
}

backup_ended() {
    host_virsh domjobinfo "$1" | grep 'Job type: *None' >/dev/null
}

# The job of a copy or an active commit has copied all and waits for its pivot:
# job_ready VM [JOBS]
job_ready() {
    [ "$(host_virsh dumpxml "$1" | grep -c "<mirror .*ready='yes'")" -ge "${2:-1}" ]
}

# For expect_success WHAT not COMMAND...
not() {
    ! "$@"
}
