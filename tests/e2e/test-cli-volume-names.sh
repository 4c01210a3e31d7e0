#!/bin/bash
# Volumes whose names XML can't hold (bytes that are not UTF-8, control characters)
# are listed like others, with the sizes that libvirt says, and their names so that
# no terminal and no JSON parser is upset.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_program jq
cli_start_host

folder=$HOST_DIR/pool
mkdir "$folder"
host_make_image "$folder/plain ä.raw" raw 1M
host_make_image "$folder"/$'latin \xe4.raw' raw 2M
host_make_image "$folder"/$'tab\t.raw' raw 3M
host_make_image "$folder"/$'cut \xe2\x82' raw 4M
host_virsh pool-create-as pool dir --target "$folder" >/dev/null

cli_try --volumes --bytes
expect_equal "exit status" 0 "$CLI_STATUS"
expect_equal "names" "cut ??|latin ?.raw|plain ä.raw|tab?.raw" \
    "$(sed -n 's/^  \([a-z].*\)/\1/p' "$HOST_DIR/out" | sort | paste -s -d '|')"
expect_success "UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$HOST_DIR/out"
for size in 1048576 2097152 3145728 4194304; do
    expect_success "a capacity of $size" grep -q "layer0 *raw file *$size " "$HOST_DIR/out"
done

cli_try --volumes --json
expect_equal "JSON: exit status" 0 "$CLI_STATUS"
expect_equal "JSON: names and capacities" 'cut \xe2\x82 4194304|latin \xe4.raw 2097152|plain ä.raw 1048576|tab\t.raw 3145728' \
    "$(jq -r '.pools[0].volumes[] | "\(.name | gsub("\t"; "\\t")) \(.layers[0].capacity)"' "$HOST_DIR/out" | sort | paste -s -d '|')"
