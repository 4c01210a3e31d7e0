#!/bin/bash
# Whatever domains are called (spaces, colons, UTF-8, 200 characters) or their
# metadata (slashes, control characters, "..") each has series of its own, and
# none of them leaves collectd's csv folder. collectd's writers refuse a folder
# that begins with a dot: no name does.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.3

requires_plugin
test_start_host

tail='-[0-9a-f]{8}'
long=$(printf 'x%.0s' {1..190})

# start_machine NAME METADATA MIB: the size of its disk tells a machine
start_machine() {
    export HOST_VM_METADATA="<n:instance xmlns:n='http://openstack.org/xmlns/libvirt/nova/1.1'><n:name>$2</n:name></n:instance>"
    host_make_image "$HOST_DIR/$3.raw" raw "$3M"
    host_start_vm "$1" "vda:raw:file:$HOST_DIR/$3.raw"
}

start_machine 'two words' 'a/b' 1
start_machine 'a:b' 'a_b' 2
start_machine 'Grüße aus 日本' '..' 3
start_machine "$long-number-1" 'tab&#9;stop' 4
start_machine "$long-number-2" '../../escape' 5
start_machine '...' "$long" 6

# expect_host MIB PATTERN: the machine of that disk is reported by a name like that
expect_host() {
    local file names=()
    for file in "$HOST_DIR"/csv/*/virt_backing-vda/disk_capacity-layer0-[0-9]*; do
        if [ "$(tail -n 1 "$file" | cut -d, -f2)" = "$(($1 << 20)).000000" ]; then
            file=${file#"$HOST_DIR/csv/"}
            names+=("${file%%/*}")
        fi
    done
    expect_equal "hosts of $1 MiB" 1 "${#names[@]}"
    if [[ "${names[*]}" =~ ^$2$ ]]; then
        echo "ok: host of $1 MiB: ${names[*]}"
    else
        fail "host of $1 MiB: expected $2, found ${names[*]}"
    fi
}

expect_only_in_csv() {
    expect_equal "folders of hosts" 7 "$(find "$HOST_DIR/csv" -mindepth 1 -maxdepth 1 | wc -l)"
    expect_equal "depth of the folders" 3 "$(find "$HOST_DIR/csv" -type f -printf '%d\n' | sort -u)"
    expect_equal "series outside of the csv folder" "" \
        "$(find "$HOST_DIR" "$HOST_DIR/.." -maxdepth 3 -path "$HOST_DIR/csv" -prune -o \
            -path "$HOST_DIR/../vb-*" -prune -o \
            \( -name 'disk_capacity-layer*' -o -name 'virt_backing-vd*' -o -name '*escape*' \) -print 2>/dev/null)"
}

host_start_collectd
host_wait_cycle
expect_host 1 'two words'
expect_host 2 'a:b'
expect_host 3 'Grüße aus 日本'
expect_host 4 "x{118}$tail"
expect_host 5 "x{118}$tail"
expect_host 6 "_[._]*$tail"
expect_only_in_csv
expect_quiet_log

host_stop_collectd
rm -r "$HOST_DIR/csv"
host_start_collectd 'HostnameFormat metadata'
host_wait_cycle
expect_host 1 "a_b$tail"
expect_host 2 'a_b'
expect_host 3 "_[._]*$tail"
expect_host 4 "tab_stop$tail"
expect_host 5 "_[._]*_escape$tail"
expect_host 6 "x{118}$tail"
expect_only_in_csv
expect_quiet_log
