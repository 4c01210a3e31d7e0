#!/bin/bash
# The types that collectd's types.db lacks are there in any case: registered by the
# plugin, or from virt_backing.db where TypesDB lists it, and then without a word
# about types defined twice.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_COLLECTD_URI=test:///default
export HOST_INTERVAL=0.3
own=$TEST_TOP/types.db.d/virt_backing.db

requires host_require_collectd
folder=$(collectd_folder)
[ -e "$folder/table.so" ] || skip "collectd's table plugin is not installed"
stock=$(collectd_types) || skip "collectd's types.db is not in its usual place"
host_create
trap test_end EXIT

# Each type of ours, and a type that nobody has: the table plugin makes a series
# of a type only where collectd knows it.
types=$(sed -n 's/^\([a-z_]\{1,\}\)[[:space:]].*/\1/p' "$own")
expect_success "there are types of our own: $(tr '\n' ' ' <<<"$types")" [ -n "$types" ]
echo 'row 7' >"$HOST_DIR/table.txt"

table_conf() {
    local type
    echo "PluginDir \"$folder\""
    echo 'LoadPlugin table'
    echo '<Plugin table>'
    for type in $types no_such_type; do
        echo "  <Table \"$HOST_DIR/table.txt\">"
        echo "    Instance $type"
        echo '    Separator " "'
        echo '    <Result>'
        echo "      Type $type"
        echo '      InstancesFrom 0'
        echo '      ValuesFrom 1'
        echo '    </Result>'
        echo '  </Table>'
    done
    echo '</Plugin>'
}

# expect_types WHAT [TYPESDB...]
expect_types() {
    local what=$1 type db
    shift
    export HOST_COLLECTD_EXTRA=
    for db in "$@"; do
        HOST_COLLECTD_EXTRA+="TypesDB \"$db\""$'\n'
    done
    host_configure_collectd
    table_conf >>"$HOST_DIR/collectd.conf"
    host_launch_collectd
    host_wait_cycle
    for type in $types; do
        expect_value "$what: $type" 7 "hypervisor/table-$type/$type-row"
    done
    expect_no_series '*no_such_type*'
    expect_value "$what: layers" 1 test/virt_backing-vda/count-layers
    expect_equal "$what: lines on types in collectd's log" "" \
        "$(host_collectd_log | grep -v 'table plugin: ' | grep -iE 'types?|data.?set|defin|virt_backing: [^c]' || true)"
    host_stop_collectd
    rm -r "$HOST_DIR/csv"
}

expect_types "no TypesDB"
expect_types "stock alone" "$stock"
expect_types "stock and ours" "$stock" "$own"
expect_types "ours and stock" "$own" "$stock"
expect_quiet_stderr
