#!/bin/bash
# VIRT-BACKING-MIB is clean under smilint's strictest level, and is read by net-snmp
# where no other MIB is; it and virt-backing-snmp agree on all OIDs, by default and
# when both are moved elsewhere. No libvirt is needed.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=snmp.sh
. "$(dirname "$0")/snmp.sh"

requires_snmp
requires_program smilint
host_create
trap test_end EXIT
snmp_prepare

mib=$SNMP_MIB_DIR/VIRT-BACKING-MIB.txt

# lint FILE: no modules but those of this tree
lint() {
    SMIPATH=$TEST_TOP/tests/data/mibs smilint -c /dev/null -s -l 6 "$1" 2>&1
}

# translate FILE ARGUMENT...: with this MIB alone
translate() {
    snmptranslate -M /nonexistent -m "$@" 2>&1
}

# Print "OID NAME" of each object that can be read.
readable() {
    awk '
        $2 == "OBJECT-TYPE" { name = $1 }
        $1 == "MAX-ACCESS" && $2 == "read-only" { print name }' "$mib" |
        while read -r name; do
            echo "$(translate "$1" -On "VIRT-BACKING-MIB::$name") $name"
        done
}

# served: "OID NAME" of each object that the subagent has an instance of
served() {
    snmpwalk -v2c -c public -M "$SNMP_MIB_DIR" -m '' -On "127.0.0.1:$SNMP_PORT" "$1" 2>&1 |
        sed -nE "/No more variables/d; s/^(.*)(\.3\.118\.109\.49\.3\.118\.100\.97\.6\.108\.97\.121\.101\.114\.48|\.0) = .*/\1/p"
}

expect_equal "smilint" "" "$(lint "$mib")"
sed '/^    INDEX /d' "$mib" >"$HOST_DIR/bad.txt"
expect_success "smilint finds what is wrong" [ -n "$(lint "$HOST_DIR/bad.txt")" ]
expect_equal "net-snmp's complaints" "$SNMP_BASE" "$(translate "$mib" -On VIRT-BACKING-MIB::virtBackingMIB)"
expect_equal "names of an index" "$SNMP_BASE.1.2.1.7.3.118.109.49.3.118.100.97.6.108.97.121.101.114.48" \
    "$(translate "$mib" -On 'VIRT-BACKING-MIB::virtBackingHeadroom."vm1"."vda"."layer0"')"
expect_equal "the default of --oid" "$SNMP_BASE" "$("$(snmp_program)" --help | sed -nE 's/.*--oid.*\[(.*)\]/\1/p')"

printf 'virt_backing 1 600\nvm1\tvda\tlayer0\t1\t2\t3\t4\t5.00\t6\tactive\tqcow2\t/a\nend 1\n' >"$HOST_DIR/state"
snmp_start_master
snmp_start_agent
expect_count "by default" 1
expect_equal "objects" "$(readable "$mib" | cut -d' ' -f1)" "$(served "$SNMP_BASE")"
snmp_stop_agent

# As the README says.
other=.1.3.6.1.4.1.99999.7
sed '/^          netSnmp(8072)/s/.*/          example(99999) 7 }/' "$mib" >"$HOST_DIR/moved.txt"
expect_equal "smilint, moved" "" "$(lint "$HOST_DIR/moved.txt")"
SNMP_BASE=$other
snmp_stop_master
snmp_start_master
SNMP_AGENT_OPTIONS="--oid $other" snmp_start_agent
moved=$(readable "$HOST_DIR/moved.txt" | cut -d' ' -f1)
served_there() {
    [ -n "$(served "$other")" ]
}
wait_until 40 served_there
expect_equal "objects, moved" "$moved" "$(served "$other")"
snmp_stop_agent

for oid in nonsense .1 ".1.3.6.1.4.1.1.2.3.4.5.6.7.8.9.10.11.12"; do
    expect_success "refused: $oid" test_match '.* is no OID, or too long a one' \
        "$(timeout 60 "$(snmp_program)" -o "$oid" 2>&1 | tail -n 1)"
done
