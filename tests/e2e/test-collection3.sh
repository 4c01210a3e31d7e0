#!/bin/bash
# collection3, which comes with collectd, draws with the definitions of
# integrations/rrd/collection3: all layers of a disk in one picture, of a machine whose name
# has a blank and a colon. Its pages are asked for as a web server would.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_program rrdtool
[ -e "$(collectd_folder)/rrdtool.so" ] || skip "collectd has no rrdtool plugin"
# In Debian, and in Fedora.
for folder in /usr/share/doc/collectd-core/examples /usr/share/collectd; do
    [ ! -d "$folder/collection3" ] || collection3=$folder/collection3
done
[ -n "${collection3:-}" ] || skip "collection3 is not installed"
perl -MRRDs -MConfig::General -MRegexp::Common -MHTML::Entities -MCGI -MURI::Escape -e 1 2>/dev/null ||
    skip "collection3's Perl modules are not installed"
test_start_host

vm='web server:1'
types='disk_allocation disk_physical disk_capacity disk_headroom'

# Print what a page of collection3 says, without headers: page SCRIPT QUERY
page() {
    GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET QUERY_STRING=$2 \
        SCRIPT_FILENAME=$HOST_DIR/collection3/bin/$1 \
        perl "$HOST_DIR/collection3/bin/$1" 2>>"$HOST_DIR/collection3.err" | sed '1,/^\r*$/d'
}

graph() {
    page graph.cgi "hostname=web%20server%3A1;plugin=virt_backing;plugin_instance=vda;type=$1;begin=$begin${2:-}"
}

# What a picture draws, a word each: "AREA:layer1" and so on.
drawn() {
    graph "$1" ';debug=1' | awk -v type="$1" '
        index($0, "DEF:avg") == 1 {
            number = $0; sub(/^DEF:avg/, "", number); sub(/=.*/, "", number)
            layer[number] = $0; sub(".*/" type "-", "", layer[number]); sub(/\.rrd.*/, "", layer[number])
        }
        /^(AREA|LINE1):cdef/ {
            kind = $0; sub(/:.*/, "", kind)
            number = $0; sub(/.*:cdef/, "", number); sub(/#.*/, "", number)
            print kind ":" layer[number] (/#000000/ ? " without a colour" : "")
        }' | xargs
}

cp -r "$collection3" "$HOST_DIR/collection3"
cp "$TEST_TOP/integrations/rrd/collection3/virt_backing.conf" "$HOST_DIR/collection3/etc/"
cp "$TEST_TOP/integrations/rrd/collection3/VirtBacking.pm" "$HOST_DIR/collection3/lib/Collectd/Graph/Type/"
printf 'DataDir "%s/rrd"\nInclude "virt_backing.conf"\n' "$HOST_DIR" >>"$HOST_DIR/collection3/etc/collection.conf"

host_make_image "$HOST_DIR/base.qcow2" qcow2 64M
host_make_image "$HOST_DIR/top.qcow2" qcow2 64M "$HOST_DIR/base.qcow2" qcow2
host_start_vm "$vm" "vda:qcow2:file:$HOST_DIR/top.qcow2"
begin=$(date +%s)
HOST_COLLECTD_EXTRA="LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir \"$HOST_DIR/rrd\"
  StepSize 1
  HeartBeat 4
  RRATimespan 600
</Plugin>" host_start_collectd
host_wait_cycle
sleep 2
host_stop_collectd

expect_equal "allocation is a stack, the base below" \
    "AREA:layer0 AREA:layer1 LINE1:layer0 LINE1:layer1" "$(drawn disk_allocation)"
expect_equal "physical" "LINE1:layer0 LINE1:layer1" "$(drawn disk_physical)"
expect_equal "headroom" "LINE1:layer0" "$(drawn disk_headroom)"
for type in $types; do
    graph "$type" >"$HOST_DIR/$type.png"
    expect_equal "$type: a picture" 89504e470d0a1a0a "$(head -c 8 "$HOST_DIR/$type.png" | od -An -tx1 | tr -d ' ')"
done
page index.cgi "action=show_selection;hostname=web%20server%3A1;plugin=virt_backing" >"$HOST_DIR/index.html"
for type in $types; do
    expect_success "$type: the page has it" grep -q \
        "graph.cgi.*hostname=web%20server:1;plugin=virt_backing;plugin_instance=vda;type=$type" "$HOST_DIR/index.html"
done
expect_equal "what collection3 complains of" "" "$(cat "$HOST_DIR/collection3.err")"
