#!/bin/bash
# What the plugin reads from the metadata of a qcow2 image is what QEMU's own tools
# say: the end of the image (qemu-img check) and the largest size that it can grow
# to (qemu-img measure), for every cluster size with every refcount width and for
# all that tests/data/images/qcow2.cases tells. On a device behind whose image
# something else lies it is the same.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

for program in qemu-img qemu-io; do
    requires_program $program
done
facts=$BUILD_DIR/tests/unit/image_facts
[ -x "$facts" ] || make -s -C "$BUILD_DIR" tests/unit/image_facts >/dev/null 2>&1 ||
    skip "tests/unit/image_facts is not built, and can't be"
host_create
trap test_end EXIT

image=$HOST_DIR/image.qcow2
secret=(--object "secret,id=key,data=word")
seen=0
case_options=

# Print how QEMU is to open the image.
image_options() {
    printf 'driver=qcow2,file.filename=%s' "$image"
    case $case_options in
    *encrypt.format=luks*) printf ',encrypt.key-secret=key' ;;
    *encrypt.format=aes*) printf ',encrypt.format=aes,encrypt.key-secret=key' ;;
    esac
}

# Run qemu-io commands on the image. "abort" ends it as a crash would.
image_io() {
    local command
    local -a words=()
    for command in "$@"; do
        words+=(-c "$command")
    done
    # The shell says that its child was aborted.
    { qemu-io -t unsafe "${secret[@]}" --image-opts "$(image_options)" "${words[@]}"; } >"$HOST_DIR/io" 2>&1
}

# Do the steps of a case. Those of qemu-io that follow each other are one run, so
# that a crash finds something held back.
run_steps() {
    local step
    local -a steps=() words=() pending=()
    IFS=';' read -ra steps <<<"$1"
    for step in "${steps[@]}" ''; do
        read -ra words <<<"$step"
        if [ ${#words[@]} -gt 0 ] && [[ $step != *%* ]]; then
            pending+=("${words[*]}")
            continue
        fi
        if [ ${#pending[@]} -gt 0 ]; then
            image_io "${pending[@]}" || [ "${pending[-1]}" = abort ] || return
        fi
        pending=()
        [ ${#words[@]} -eq 0 ] || qemu-img "${words[0]}" "${words[@]:1}" >/dev/null
    done
}

# Run qemu-img on the case's image: its path goes where the "%" is.
qemu-img() {
    command qemu-img "${@/#%/$image}" 2>"$HOST_DIR/img"
}

create_image() {
    rm -f "$image"
    insist qemu-img create -q "${secret[@]}" -f qcow2 ${2:+-o "$2"} "$image" "$1"
}

# LUKS measures the processor's speed, which may fail on a busy machine.
insist() {
    local try
    for try in 1 2 3 4 5 6 7 8; do
        ! "$@" || return 0
        sleep "0.$try"
    done
}

# Print a number of the JSON of stdin: json_number KEY
json_number() {
    sed -nE "s/^ *\"$1\": ([0-9]+).*/\1/p" | head -n 1
}

truth_largest() {
    insist qemu-img measure "${secret[@]}" --output=json -O qcow2 ${2:+-o "$2"} --size "$1" |
        json_number fully-allocated
}

truth_end() {
    insist qemu-img check "${secret[@]}" --output=json --image-opts "$(image_options)" |
        json_number image-end-offset
}

# Print what the plugin reads. The end of a dirty image is not known before it is
# repaired: then without it.
image_facts() {
    local line
    while IFS= read -r line; do
        [[ $line == backing* ]] || [[ $line == end* && $dirty = 1 ]] || echo "$line"
    done < <("$facts" "$image")
}

# try_case NAME SIZE OPTIONS STEPS [KNOWN...]
try_case() {
    local name=$1 size=$2 todo=$4 known expected
    local largest='' dirty=0 measured=$3 virtual=$2
    case_options=$3
    shift 4
    for known in "$@"; do
        case $known in
        largest=*) largest=${known#*=} ;;
        dirty=*) dirty=${known#*=} ;;
        size=*) virtual=${known#*=} ;;
        measure=*) measured=${known#*=} ;;
        *) fail "$name: what is $known?" ;;
        esac
    done
    seen=$((seen + 1))
    create_image "$size" "$case_options"
    if [ ! -f "$image" ]; then
        fail "$name: no image: $(cat "$HOST_DIR/img")"
        return
    fi
    if ! run_steps "$todo"; then
        fail "$name: $todo: $(cat "$HOST_DIR/img" "$HOST_DIR/io")"
        return
    fi
    [ -n "$largest" ] || largest=$(truth_largest "$virtual" "$measured")
    expected="capacity $(numfmt --from=iec "$virtual")"
    [ "$dirty" = 1 ] || expected+=$'\n'"end $(truth_end)"
    expected+=$'\n'"largest $largest"$'\n'"dirty $dirty"
    compare "$name" "$expected" "$(image_facts)"
    truncate -s +1G "$image"
    compare "$name, in a larger container" "$expected" "$(image_facts)"
}

# As expect_equal, but silent about what is as it must be.
compare() {
    if [ "$2" != "$3" ]; then
        expect_equal "$1" "$2" "$3"
    fi
}

# --- every cluster size with every refcount width ---

for bits in 9 10 11 12 13 14 15 16 17 18 19 20 21; do
    for width in 1 2 4 8 16 32 64; do
        cluster=$((1 << bits))
        try_case "clusters of $cluster, refcounts of $width bits" 40M \
            "cluster_size=$cluster,refcount_bits=$width" "write $((5 * cluster)) 300k; write 17M 64k"
    done
done
echo "ok: $seen kinds of clusters and refcounts"
seen=0

# --- all else ---

trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

while IFS='|' read -r name size options steps known; do
    [[ -n $name && $name != '#'* ]] || continue
    read -ra words <<<"${known:-}"
    try_case "$(trim "$name")" "$(trim "$size")" "$(trim "$options")" "$(trim "$steps")" "${words[@]}"
done <"$TEST_TOP/tests/data/images/qcow2.cases"
echo "ok: $seen cases"
expect_success "the cases were found" [ "$seen" -gt 50 ]

# --- an external data file: the image holds metadata alone ---

command qemu-img create -q -f qcow2 -o data_file="$HOST_DIR/data",preallocation=metadata "$image" 64M
case_options=
image_io 'write 3M 1M'
expect_equal "external data file: end" "end $(truth_image_end "$image")" "$("$facts" "$image" | grep ^end)"
# All metadata are there: this is what it can grow to.
expect_equal "external data file: largest size" "largest $(truth_image_end "$image")" \
    "$("$facts" "$image" | grep ^largest)"
