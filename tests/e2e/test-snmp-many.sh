#!/bin/bash
# 5,000 rows are walked with GETBULK in a few seconds, and are what the state file
# holds, row for row and cell for cell, in rising order. No libvirt is needed.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=snmp.sh
. "$(dirname "$0")/snmp.sh"

rows=5000
# Seconds. It takes one and a half, two with snmptable; a busy machine and sanitizers may
# take more, and what asks for each cell by itself takes minutes.
limit=30

requires_snmp
host_create
trap test_end EXIT

# Machines of five layers. Every fifth layer is active, and has all cells.
awk -v rows="$rows" 'BEGIN {
    OFS = "\t"
    print "virt_backing 1 600"
    for (i = 0; i < rows; i++) {
        vm = sprintf("machine-%04d", i / 5)
        depth = i % 5
        print vm, "vda", "layer" depth, sprintf("1%019d", i), i, 2 * i,
            depth ? "-" : 3 * i, depth ? "-" : sprintf("%d.%02d0000", 1 + i % 99, i % 100),
            i + 1, depth ? "backing" : "active", "qcow2",
            "/var/lib/libvirt/images/" vm "." depth ".qcow2"
    }
    print "end", rows
}' | sed 's/^end\t/end /' >"$HOST_DIR/state"

snmp_start_master
snmp_start_agent
expect_count "all" $rows

# Print what a walk must print: column by column, in the order of the rows.
expected_walk() {
    local column
    echo "virtBackingLayers.0 $rows"
    for column in Capacity:4 Allocation:5 Physical:6 Headroom:7 Percent:8 Index:9 Role:10 Format:11 Path:12; do
        awk -F'\t' -v name="virtBacking${column%:*}" -v field="${column#*:}" '
            NF == 12 && $field != "-" {
                value = field == 8 ? substr($field, 1, length($field) - 4) : $field
                printf "%s.\"%s\".\"%s\".\"%s\" %s\n", name, $1, $2, $3, value
            }' "$HOST_DIR/state"
    done
}

# expect_fast WHAT MILLISECONDS
expect_fast() {
    expect_success "$1: $2 ms, no more than $limit s" [ "$2" -le $((1000 * limit)) ]
}

start=$(host_now)
SNMP_OPTIONS=(-Oqs -Cr50)
snmp_ask snmpbulkwalk "$SNMP_BASE" >"$HOST_DIR/walk"
# With the view of the README the table is the last that there is.
sed -i '/No more variables left/d' "$HOST_DIR/walk"
expect_fast "walk of $(wc -l <"$HOST_DIR/walk") cells" $(($(host_now) - start))
expected_walk >"$HOST_DIR/expected"
expect_equal "cells that are not as they must be" "" "$(diff "$HOST_DIR/expected" "$HOST_DIR/walk" | head)"

start=$(host_now)
snmp_table >"$HOST_DIR/table"
expect_fast "snmptable" $(($(host_now) - start))
expect_equal "rows of snmptable" $rows "$(grep -c '^machine-' "$HOST_DIR/table")"
expect_equal "a row" "machine-0999 vda layer0|10000000000000004995|4995|9990|14985|46.95|4996|active|qcow2|/var/lib/libvirt/images/machine-0999.0.qcow2" \
    "$(grep '^machine-0999 vda layer0' "$HOST_DIR/table")"
snmp_stop_agent
