#!/bin/bash
# Walks while VMs, snapshots and commits come and go: no walk fails; no row of an image
# that has left its place, and none that mixes two, also where a walk goes column by
# column; and those that stay are in each walk, as they are. SNMP_SECONDS says for how
# long: 20, and 300 in scripts/check's end-to-end step.
# limit: 500

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=snmp.sh
. "$(dirname "$0")/snmp.sh"

: "${SNMP_SECONDS:=20}"

requires_plugin
requires_snmp
requires_program strace
export HOST_INTERVAL=0.1
test_start_host

# The state file holds for two intervals and a Timeout, which is a second, and is
# written a Timeout after its pass has begun at the latest.
lag=$((200 + 1000 + 1000))

# --- what is where, and when ---
#
# A line of "places" is BEGIN END VM LAYER PATH, in milliseconds: between them the
# image may be in that place. END is 0 as long as it is. One of "images" is
# PATH CAPACITY ALLOCATION-LEAST ALLOCATION-MOST.

# begin VM PATH...: before the command that leads to that chain
begin() {
    local vm=$1 depth=0 path
    shift
    for path; do
        echo "$(host_now) begin $vm layer$depth $path" >>"$HOST_DIR/events"
        depth=$((depth + 1))
    done
}

# end_of VM PATH...: after the command that has ended it
end_of() {
    begin "$@"
    sed -i "$(($(wc -l <"$HOST_DIR/events") - $# + 2)),\$s/ begin / end /" "$HOST_DIR/events"
}

# make_image PATH MIB GROWTH [BACKING]: with so much data in it, and that may come to it
make_image() {
    local size=$((24 + $2)) used
    host_make_image "$1" qcow2 "${size}M" ${4:+"$4" qcow2}
    qemu-io -f qcow2 -c "write $2M $2M" "$1" >/dev/null
    used=$(truth_du "$1")
    echo "$1 $used $((used + ($3 << 20)))" >>"$HOST_DIR/images"
}

# change CHAIN-BEFORE CHAIN-AFTER COMMAND...: chains are words
change() {
    # shellcheck disable=SC2086 # words are meant to be split
    begin flow $2
    "${@:3}" >>"$HOST_DIR/flow.out" 2>&1
    # shellcheck disable=SC2086 # words are meant to be split
    end_of flow $1
}

snapshot() {
    host_virsh snapshot-create-as flow --no-metadata --disk-only --reuse-external \
        --diskspec "vda,file=$1"
}

# A commit of a lower layer that takes a while.
commit_lower() {
    host_virsh blockcommit flow vda --base "$1" --top "$2" --bandwidth 4
    host_poll 30 job_ended flow vda
}

create() {
    host_vm_xml "$1" "vda:qcow2:file:$2" >"$HOST_DIR/$1.xml"
    host_virsh create "$HOST_DIR/$1.xml"
}

# flow ROUND: a VM from its start to its end, with a chain of up to three images.
flow() {
    local a=$HOST_DIR/$1-a b=$HOST_DIR/$1-b c=$HOST_DIR/$1-c
    make_image "$a" 1 8
    make_image "$b" 4 0 "$a"
    make_image "$c" 2 0 "$b"
    change "" "$a" create flow "$a"
    pause
    change "$a" "$b $a" snapshot "$b"
    change "$b $a" "$c $b $a" snapshot "$c"
    pause
    change "$c $b $a" "$c $a" commit_lower "$a" "$b"
    pause
    change "$c $a" "$a" host_virsh blockcommit flow vda --active --pivot
    pause
    change "$a" "" host_destroy_vm flow
}

# Between half a second and one and a half.
pause() {
    sleep "$((RANDOM % 2)).$((5 + RANDOM % 5))"
}

# Rounds until the time is over; another VM comes and goes beside it.
come_and_go() {
    local end=$(($(host_now) + 1000 * SNMP_SECONDS)) round=0
    while [ "$(host_now)" -lt "$end" ]; do
        round=$((round + 1))
        begin brief "$HOST_DIR/brief"
        create brief "$HOST_DIR/brief" >/dev/null
        flow $round
        host_destroy_vm brief
        end_of brief "$HOST_DIR/brief"
    done
    echo $round >"$HOST_DIR/rounds"
}

# --- walks ---

# The rows of a walk, as snmp_table has them.
walked_rows() {
    awk '
        BEGIN { columns = split("Capacity Allocation Physical Headroom Percent Index Role Format Path", column, " ") }
        split($1, part, ".") == 4 {
            gsub(/"/, "", $1)
            split($1, part, ".")
            row = part[2] " " part[3] " " part[4]
            rows[row]
            cell[row, substr(part[1], 12)] = $2
        }
        END {
            for (row in rows) {
                line = row
                for (i = 1; i <= columns; i++)
                    line = line "|" ((row, column[i]) in cell ? cell[row, column[i]] : "?")
                print line
            }
        }'
}

# Walk three cells at a time, with a pause before each request: as long as several passes
# of the plugin. WALK_GAP is the longest time from one request to the next.
slow_walk() {
    SNMP_WRAPPER=(strace -qq -ttt -o "$HOST_DIR/requests" -e "trace=sendto,sendmsg"
        -e "inject=sendto,sendmsg:delay_enter=30000")
    SNMP_OPTIONS=(-OqS -Cr3)
    snmp_ask snmpbulkwalk "$SNMP_BASE" | sed '/No more variables left/d; s/^VIRT-BACKING-MIB::virt/virt/'
    SNMP_OPTIONS=() SNMP_WRAPPER=()
    WALK_GAP=$(awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { printf "%d", 1000 * gap }' \
        "$HOST_DIR/requests")
}

# A walk by columns, and one by rows.
walk_slowly() {
    slow_walk >"$HOST_DIR/walk"
    grep -vE '^virtBacking(Layers\.0|[A-Z][a-z]*\."[a-z]+"\."vda"\."layer[0-9]") ' "$HOST_DIR/walk" \
        >>"$HOST_DIR/errors" || true
    walked_rows <"$HOST_DIR/walk"
}

walk_rows() {
    WALK_GAP=0
    snmp_table
}

# walk_once WALK: append to "rows": BEGIN END ROW; and to "errors" what is no row. Rows of
# a walk that takes five seconds or pauses for half a one, as on a machine that is busy, may
# be of two passes: it counts for errors alone.
walk_once() {
    local start end
    # Not in one burst with the walk before.
    sleep 0.6
    start=$(host_now)
    "$1" >"$HOST_DIR/table"
    end=$(host_now)
    grep -vE '^[a-z]+ vda layer[0-9]\|' "$HOST_DIR/table" >>"$HOST_DIR/errors" || true
    if [ $((end - start)) -ge 5000 ] || [ "$WALK_GAP" -ge 500 ]; then
        echo "$1 too slow" >>"$HOST_DIR/walks"
        return
    fi
    sed "s/^/$start $end /" "$HOST_DIR/table" >>"$HOST_DIR/rows"
    echo "$1 $(grep -c "^steady " "$HOST_DIR/table")" >>"$HOST_DIR/walks"
}

# Print rows that can't have been, with what is wrong.
judge() {
    awk -v lag=$lag '
        function wrong(why) { print why ": " $0; bad++ }
        FILENAME ~ /images$/ { least[$1] = $2; most[$1] = $3; next }
        FILENAME ~ /events$/ {
            place = $3 " " $4 " " $5
            if ($2 == "begin")
                from[place] = from[place] " " $1
            else
                to[place] = to[place] " " $1
            next
        }
        {
            split($0, field, "|"); split(field[1], head, " ")
            place = head[3] " " head[5] " " field[10]
            n = split(from[place], begins, " "); split(to[place], ends, " ")
            for (fits = i = 0; i < n; i++)
                if (begins[i + 1] <= head[2] && (ends[i + 1] == "" || ends[i + 1] >= head[1] - lag))
                    fits = 1
            if (!n)
                wrong("never there")
            else if (!fits)
                wrong("stale")
            if (field[8] != (head[5] == "layer0" ? "active" : "backing"))
                wrong("role")
            if (field[9] != "qcow2")
                wrong("format")
            if (field[3] != "?" && (field[3] < least[field[10]] || field[3] > most[field[10]]))
                wrong("allocation is not of " least[field[10]] " to " most[field[10]])
        }' "$HOST_DIR/images" "$HOST_DIR/events" "$HOST_DIR/rows"
}

# layers_seen VM: which of its layers were seen
layers_seen() {
    sed -nE "s/^[0-9]+ [0-9]+ $1 vda (layer[0-9])\|.*/\1/p" "$HOST_DIR/rows" | sort -u | tr '\n' ' '
}

touch "$HOST_DIR"/{errors,rows,walks}
make_image "$HOST_DIR/steady-a" 3 0
make_image "$HOST_DIR/steady-b" 5 0 "$HOST_DIR/steady-a"
make_image "$HOST_DIR/brief" 6 0
begin steady "$HOST_DIR/steady-b" "$HOST_DIR/steady-a"
host_start_vm steady "vda:qcow2:file:$HOST_DIR/steady-b"
snmp_start_master
snmp_start_agent
host_start_collectd "StateFile \"$HOST_DIR/state\"" 'Timeout 5'
steady=$(truth_snmp_row steady vda layer0 qcow2 "$HOST_DIR/steady-b"
    truth_snmp_row steady vda layer1 qcow2 "$HOST_DIR/steady-a")
expect_table "before" "$steady"

come_and_go &
driver=$!
while host_pid_runs $driver; do
    walk_once walk_slowly
    walk_once walk_rows
done
expect_success "VMs, snapshots and commits came and went" wait $driver
echo "$(cat "$HOST_DIR/rounds") rounds, $(wc -l <"$HOST_DIR/walks") walks, $(wc -l <"$HOST_DIR/rows") rows;" \
    "$(grep -c 'too slow' "$HOST_DIR/walks") walks were too slow"
for walk in walk_slowly walk_rows; do
    expect_success "$walk was fast enough" [ "$(grep -c "^$walk [0-9]" "$HOST_DIR/walks")" -gt 0 ]
done

expect_equal "errors of walks" "" "$(sort "$HOST_DIR/errors" | uniq -c | head)"
expect_equal "wrong and stale rows" "" "$(judge | head)"
expect_equal "rows of the machine that stays" "$steady" \
    "$(sed -nE 's/^[0-9]+ [0-9]+ (steady .*)/\1/p' "$HOST_DIR/rows" | LC_ALL=C sort -u)"
expect_equal "walks without both its rows" "" "$(grep -vE ' (2|too slow)$' "$HOST_DIR/walks" | head)"
expect_equal "layers seen of the one that changes" "layer0 layer1 layer2 " "$(layers_seen flow)"
expect_equal "layers seen of the one that comes and goes" "layer0 " "$(layers_seen brief)"
expect_table "afterwards" "$steady"
snmp_stop_agent
