#!/bin/bash
# make install puts the plugin, its types, the command line tool and their manual pages in
# place, the SNMP subagent where it was built, and nothing else; collectd runs the plugin from
# there; make uninstall takes all away again.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires host_require_collectd
requires_program make
requires_program nm
[ -f "$BUILD_DIR/Makefile" ] || skip "BUILD_DIR is not a build folder"
host_create
trap test_end EXIT

dest=$HOST_DIR/dest

# Print the value of a variable of the Makefile.
make_variable() {
    # shellcheck disable=SC2016 # for make
    printf 'include Makefile\nvb-print:\n\t@echo $(%s)\n' "$1" |
        make -s -C "$BUILD_DIR" -f - vb-print
}

# Print the files installed, as paths.
installed_files() {
    find "$dest" ! -type d -printf '/%P\n' | sort
}

make -s -C "$BUILD_DIR" install DESTDIR="$dest" >"$HOST_DIR/make.log" 2>&1 ||
    { cat "$HOST_DIR/make.log" && exit 1; }

plugins=$(make_variable plugindir)
expected=("$plugins/virt_backing.so" "$(make_variable typesdir)/virt_backing.db"
    "$(make_variable mandir)/man5/collectd-virt_backing.5"
    "$(make_variable bindir)/virt-backing" "$(make_variable mandir)/man1/virt-backing.1"
    "$(make_variable pkgdatadir)/virt-backing.schema.json"
    "$(make_variable bashcompletiondir)/virt-backing")
if [ -n "$(make_variable sbin_PROGRAMS)" ]; then
    expected+=("$(make_variable sbindir)/virt-backing-snmp" "$(make_variable mibdir)/VIRT-BACKING-MIB.txt"
        "$(make_variable mandir)/man8/virt-backing-snmp.8")
fi
expect_equal "files installed" "$(printf '%s\n' "${expected[@]}" | sort)" "$(installed_files)"
expect_success "the plugin is executable" [ -x "$dest$plugins/virt_backing.so" ]
expect_equal "symbols that the plugin offers" module_register \
    "$(nm -D --defined-only "$dest$plugins/virt_backing.so" | sed -n 's/.* T //p' | tr '\n' ' ' | sed 's/ $//')"
expect_success "the types are those of the tree" \
    cmp "$TEST_TOP/types.db.d/virt_backing.db" "$dest$(make_variable typesdir)/virt_backing.db"

HOST_PLUGIN_DIR=$dest$plugins
export HOST_COLLECTD_URI=test:///default
export HOST_INTERVAL=0.3
host_start_collectd
host_wait_cycle
expect_success "collectd runs the installed plugin" \
    grep -qF "$dest$plugins/virt_backing.so" "/proc/$HOST_COLLECTD_PID/maps"
expect_value "layers" 1 test/virt_backing-vda/count-layers
expect_quiet_log
host_stop_collectd

make -s -C "$BUILD_DIR" uninstall DESTDIR="$dest" >"$HOST_DIR/make.log" 2>&1 ||
    { cat "$HOST_DIR/make.log" && exit 1; }
expect_equal "files left by make uninstall" "" "$(installed_files)"
