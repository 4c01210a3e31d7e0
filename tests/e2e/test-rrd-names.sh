#!/bin/bash
# virt-backing-graph on files that are made up: names with all that a shell or rrdtool
# takes for its own, machines that have ended, series that are missing, files of others,
# and more than ten disks.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_program rrdtool
host_create
trap test_end EXIT
now=$(($(date +%s) / 10 * 10))

# A picture has one step more than its end.
graph() {
    "$TEST_TOP/integrations/rrd/virt-backing-graph" --dir "$HOST_DIR/rrd" --start $((now - 600)) \
        --end $((now - 10)) --output "$HOST_DIR/picture.png" "$@"
}

# Make the file of a series that had one value from ten minutes ago on:
#   make_series HOST DISK TYPE-INSTANCE VALUE [SECONDS-AGO-OF-ITS-END]
make_series() {
    local file=$HOST_DIR/value-$4-${5:-0}.rrd time
    local -a values=()
    if [ ! -f "$file" ]; then
        rrdtool create "$file" --start $((now - 700)) --step 10 DS:value:GAUGE:20:0:U \
            RRA:AVERAGE:0.5:1:100 RRA:MIN:0.5:1:100 RRA:MAX:0.5:1:100
        for ((time = now - 690; time <= now - ${5:-0}; time += 10)); do
            values+=("$time:$4")
        done
        rrdtool update "$file" "${values[@]}"
    fi
    mkdir -p "$HOST_DIR/rrd/$1/virt_backing-$2"
    cp "$file" "$HOST_DIR/rrd/$1/virt_backing-$2/$3.rrd"
}

# Print the figures of a picture: figures VARIABLE[,VARIABLE...] WORD...
figures() {
    local name text
    local -a names=() command=()
    IFS=, read -r -a names <<<"$1"
    text=$(graph --dry-run "${@:2}")
    eval "command=($text)"
    for name in "${names[@]}"; do
        command+=("PRINT:$name:%.0lf")
    done
    "${command[@]}" | tail -n +2 | xargs
}

# Print the names in the legend of the worst, in their order.
worst() {
    local text one
    local -a command=()
    text=$(graph --dry-run worst)
    eval "command=($text)"
    for one in "${command[@]}"; do
        [[ $one != LINE2:* ]] || sed 's/^LINE2:[^:]*://; s/ *$//; s/\\:/:/g' <<<"$one"
    done
}

# shellcheck disable=SC2016,SC1003 # no mistake
evil=('a\:b"'\''$x `y` é %s \l <b>&-\' '-dash' 'back\' '*glob[a]?' 'three  blanks' ' first' '#1:2#')
for name in "${evil[@]}"; do
    for disk in vda 'v\:d %1$'; do
        make_series "$name" "$disk" disk_allocation-layer1 5000
        make_series "$name" "$disk" disk_allocation-layer0 1000
        make_series "$name" "$disk" disk_physical-layer0 3000
    done
    make_series "$name" vda disk_headroom-layer0 2000
    make_series "$name" vda count-layers 2
    expect_success "$name: its picture" graph -- vm "$name"
    expect_equal "$name: its disks" "6000 6000 2" \
        "$(figures last_sum0,last_sum1,last_layers1 -- vm "$name" || true)"
    expect_success "$name: the picture of a disk" graph -- disk "$name" 'v\:d %1$'
    expect_equal "$name: stack, line, container" "6000 8000 3000" \
        "$(figures top_layer0:LAST,end_layer0:LAST,last_physical_layer0 -- disk "$name" 'v\:d %1$' || true)"
done

# The widest name, behind which a ':' follows.
# shellcheck disable=SC1003 # no mistake
name='back\'
make_series "$name" "wide at its end $name" disk_allocation-layer0 1000
expect_equal "a name that ends in a backslash is stacked" 1 \
    "$(graph --dry-run -- vm "$name" | xargs printf '%s\n' | grep -c 'wide at its end back. :STACK$')"

make_series off vda disk_headroom-layer0 1 90
make_series late vda disk_headroom-layer0 7 50
for count in {10..17}; do
    make_series "n$count" vda disk_headroom-layer0 $((1000 - count))
done
make_series other vda disk_headroom-layer0 5000
expect_success "the worst" graph worst
expect_equal "the worst, the least one first" "late vda layer0
$(printf 'n%d vda layer0\n' {17..10})
 first vda layer0" "$(worst)"

# No sizes but that of one layer; a file of somebody else.
make_series poor vda disk_allocation-mirror 10
make_series poor vda 'disk_allocation-of others' 10
expect_success "a layer and no more" graph disk poor vda
expect_equal "a layer and no more: the stack" 10 "$(figures top_mirror:LAST disk poor vda)"
expect_equal "names in pictures may be long" 0 "$(
    long=$(printf 'x%.0s' {1..127})
    make_series "$long" "${long/x/y}" disk_headroom-layer0 3
    graph worst >&2 && echo 0
)"
