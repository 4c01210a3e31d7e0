#!/bin/bash
# virt-backing-graph draws what collectd's rrdtool plugin has written of a machine whose
# name has a blank and a colon: PNG files of the size that was asked for, with figures that
# du and stat give, with a layer that left its chain in the period. Where there is nothing
# to draw it says why.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_program rrdtool
[ -e "$(collectd_folder)/rrdtool.so" ] || skip "collectd has no rrdtool plugin"
test_start_host

vm='web server:1'
base=$HOST_DIR/base.qcow2
top=$HOST_DIR/top.qcow2

graph() {
    "$TEST_TOP/integrations/rrd/virt-backing-graph" --dir "$HOST_DIR/rrd" "$@"
}

# Width and height of a PNG file, by its header: png_size FILE
png_size() {
    [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || return 1
    [ "$(tail -c 8 "$1" | head -c 4)" = IEND ] || return 1
    od -An -j 16 -N 8 -t u4 --endian=big "$1" | awk '{ print $1 "x" $2 }'
}

# What a picture has in it: drawn VARIABLE WORD... prints the variable of rrdtool as a whole
# number; the words are those of the command.
drawn() {
    local variable=$1 text
    local -a command=()
    shift
    text=$(graph --dry-run "$@")
    eval "command=($text)"
    "${command[@]}" "PRINT:$variable:%.0lf" 2>&1 | tail -n 1
}

# expect_refused STATUS PATTERN WORD...
expect_refused() {
    local status=0 said
    said=$(graph "${@:3}" 2>&1) || status=$?
    expect_equal "exit status of ${*:3}" "$1" "$status"
    expect_success "what is said to ${*:3}" test_match "$2" "$said"
}

steady() {
    host_wait_cycle
    # A step of an RRD file is the mean of what came in it, and a picture has the step
    # that its end lies in.
    sleep 2
    echo $(($(date +%s) - 1))
}

host_make_image "$base" qcow2 64M
host_make_image "$HOST_DIR/small.raw" raw 1M
host_start_vm "$vm" "vda:qcow2:file:$base" "vdb:raw:file:$HOST_DIR/small.raw"
host_write "$vm" vda 0 4M
host_virsh snapshot-create-as "$vm" one --disk-only --no-metadata --atomic \
    --diskspec "vda,snapshot=external,file=$top" --diskspec vdb,snapshot=no >/dev/null
host_write "$vm" vda 8M 3M
host_flush "$vm" vda

begin=$(date +%s)
HOST_COLLECTD_EXTRA="LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir \"$HOST_DIR/rrd\"
  StepSize 1
  HeartBeat 4
  RRATimespan 600
  RRARows 600
</Plugin>" host_start_collectd
host_wait_cycle
with_two=$(steady)
base_before=$(truth_du "$base")
top_before=$(truth_du "$top")
top_length=$(truth_length "$top")

host_virsh blockcommit "$vm" vda --active --wait --pivot >/dev/null
host_flush "$vm" vda
host_wait_cycle
with_one=$(steady)
least=$(host_value "$vm/virt_backing-vdb/disk_headroom-layer0")
host_stop_collectd

before=(--start "$begin" --end "$with_two" --output "$HOST_DIR/disk.png" --size 640x330)
whole=(--start "$begin" --end "$with_one" --output "$HOST_DIR/disk.png" --size 640x330)

graph "${whole[@]}" --mark "$with_two=the commit: begins" disk "$vm" vda
expect_equal "picture of the disk" 640x330 "$(png_size "$HOST_DIR/disk.png")"
graph --start "$begin" --end "$with_one" --output "$HOST_DIR/vm.png" --size=500x300 vm "$vm"
expect_equal "picture of the machine" 500x300 "$(png_size "$HOST_DIR/vm.png")"
(cd "$HOST_DIR" && graph --start "$begin" --end "$with_one" worst)
expect_equal "picture of the worst" 800x314 "$(png_size "$HOST_DIR/worst.png")"
graph "${whole[@]}" --output - disk "$vm" vda >"$HOST_DIR/stdout.png"
expect_equal "picture on standard output" 640x330 "$(png_size "$HOST_DIR/stdout.png")"

expect_equal "base, below the snapshot" "$base_before" "$(drawn last_layer1 "${before[@]}" disk "$vm" vda)"
expect_equal "snapshot" "$top_before" "$(drawn last_layer0 "${before[@]}" disk "$vm" vda)"
expect_equal "container of the snapshot" "$top_length" \
    "$(drawn last_physical_layer0 "${before[@]}" disk "$vm" vda)"
expect_equal "the whole stack" $((base_before + top_before)) \
    "$(drawn top_layer0:LAST "${before[@]}" disk "$vm" vda)"
expect_equal "the line above it" $((base_before + top_length)) \
    "$(drawn end_layer0:LAST "${before[@]}" disk "$vm" vda)"
expect_equal "both disks" $((base_before + top_before)) "$(drawn last_sum0 "${before[@]}" vm "$vm")"
expect_equal "layers of the first disk" 2 "$(drawn last_layers0 "${before[@]}" vm "$vm")"
expect_equal "base, alone in its chain" "$(truth_du "$base")" \
    "$(drawn last_layer0 "${whole[@]}" disk "$vm" vda)"
expect_equal "the least headroom of those that are alike" "$least" "$(drawn last_headroom0 "${whole[@]}" worst)"

# A layer of the period and one of the past.
areas() {
    graph --dry-run "$@" disk "$vm" vda | grep -oE 'AREA:area_[a-z0-9]+' | tr '\n' ' '
}
expect_equal "a layer that went away" "AREA:area_layer1 AREA:area_layer0 " "$(areas "${whole[@]}")"
expect_equal "long after that" "AREA:area_layer0 " \
    "$(areas --start $((with_one - 2)) --end "$with_one")"
expect_success "a name in the legend" \
    grep -qF 'layer0\,\ active' <(graph --dry-run "${whole[@]}" disk "$vm" vda)
expect_success "a mark" \
    grep -qF "VRULE:$with_two#a03030:the\\ commit\\\\:\\ begins" \
    <(graph --dry-run "${whole[@]}" --mark "$with_two=the commit: begins" disk "$vm" vda)

expect_refused 1 ".*no domain 'web server'.*; there are: web server:1" disk 'web server' vda
expect_refused 1 ".*no disk 'vdc' of web server:1; there are: vda, vdb" disk "$vm" vdc
expect_refused 1 ".*no folder .*/nowhere.*--dir" --dir "$HOST_DIR/nowhere" worst
expect_refused 1 ".*no series of virt_backing in .*" --dir "$HOST_DIR/csv/.." worst
expect_refused 1 ".*nothing is known of web server:1 vda between .*" --end 'now-10d' disk "$vm" vda
expect_refused 1 ".*no headroom is known near now-10d" --end 'now-10d' worst
expect_refused 1 ".*could not draw .*" "${whole[@]}" --output "$HOST_DIR/none/a.png" worst
expect_refused 2 ".*disk wants a domain and a disk; see --help" disk "$vm"
expect_refused 2 ".*unknown word 'chain'; see --help" chain
expect_refused 2 ".*give WIDTHxHEIGHT.*" --size 800 worst
expect_refused 2 ".*unknown option --color; see --help" --color worst
expect_refused 2 ".*give TIME=TEXT.*" --mark now worst
expect_success "help" grep -qF "Exit status: 0 drawn" <(graph --help)

# A machine of which collectd wrote the same: machine NAME HEADROOM CAPACITY
machine() {
    local dir=$HOST_DIR/many/$1/virt_backing-vda type value
    mkdir -p "$dir"
    for type in disk_headroom disk_capacity; do
        value=$2
        [ $type = disk_headroom ] || value=$3
        rrdtool create "$dir/$type-layer0.rrd" --start "$((begin - 100))" --step 10 DS:value:GAUGE:20:U:U \
            RRA:AVERAGE:0.5:1:100 RRA:MIN:0.5:1:100 RRA:MAX:0.5:1:100
        rrdtool update "$dir/$type-layer0.rrd" "$((begin - 20)):$value" "$((begin - 10)):$value" "$begin:$value"
    done
}

# Ten disks that can't run out, and report their small capacity, and a large one that can.
for number in 1 2 3 4 5 6 7 8 9 10; do
    machine "small$number" "$((100000 + number))" "$((100000 + number))"
done
machine large 100000000 40000000000
expect_equal "what fills comes before what can't" 100000000 \
    "$(drawn last_headroom0 --dir "$HOST_DIR/many" --start "$((begin - 50))" --end "$begin" --output "$HOST_DIR/many.png" worst)"
