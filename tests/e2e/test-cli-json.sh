#!/bin/bash
# virt-backing --json: a document of the form that the schema has, with the true
# sizes, and nothing where there is nothing to know.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_json_schema
cli_start_host

name=$'vm <&> "1" \'\\ äöü'
folder="$HOST_DIR/a \"folder\" \\ &"
mkdir "$folder" "$HOST_DIR/pool"
base=$folder/base.raw
top=$folder/top.qcow2
host_make_image "$base" raw 24M
qemu-io -f raw -c 'write 0 9M' "$base" >/dev/null
host_make_image "$top" qcow2 32M "$base" raw
host_start_vm "$name" "vda:qcow2:file:$top" "hdc:raw:cdrom:"
host_define_vm off "vda:qcow2:file:$top"
host_make_image "$HOST_DIR/pool/volume.qcow2" qcow2 - "$base" raw
host_virsh pool-create-as pool dir --target "$HOST_DIR/pool" >/dev/null

# value FILE EXPRESSION: what Python finds in the document d
value() {
    python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"
}

# layer WHERE FORMAT FILE: the three sizes are true, and the source
expect_json_layer() {
    expect_equal "$1: sizes" "$(truth_virtual_size "$2" "$3") $(truth_du "$3") $(truth_length "$3")" \
        "$(value "$HOST_DIR/out" "'%d %d %d' % tuple($1[k] for k in ('capacity', 'allocation', 'physical'))")"
    expect_equal "$1: what it is" "$2 file $3" "$(value "$HOST_DIR/out" \
        "' '.join($1[k] for k in ('format', 'storage', 'source'))")"
}

cli_try --json --inactive --volumes
expect_equal "exit status" 0 "$CLI_STATUS"
cp "$HOST_DIR/out" "$HOST_DIR/whole"
expect_success "it is of the schema's form" json_is_valid "$HOST_DIR/whole"
expect_equal "nothing is missing" True "$(value "$HOST_DIR/whole" "d['complete']")"
expect_equal "domains" "['off', $(value "$HOST_DIR/out" "repr(d['domains'][1]['name'])")]" \
    "$(value "$HOST_DIR/out" "[x['name'] for x in d['domains']]")"
expect_equal "the name" "$name" "$(value "$HOST_DIR/out" "d['domains'][1]['name']")"
expect_equal "the UUID" "$(host_virsh domuuid "$name" | head -n 1)" "$(value "$HOST_DIR/out" "d['domains'][1]['uuid']")"
expect_equal "who runs" "[False, True]" "$(value "$HOST_DIR/out" "[x['running'] for x in d['domains']]")"
expect_equal "disks" "['vda', 'hdc']" "$(value "$HOST_DIR/out" "[x['target'] for x in d['domains'][1]['disks']]")"
expect_equal "an empty drive" "[]" "$(value "$HOST_DIR/out" "d['domains'][1]['disks'][1]['layers']")"
for domain in 0 1; do
    expect_json_layer "d['domains'][$domain]['disks'][0]['layers'][0]" qcow2 "$top"
    expect_json_layer "d['domains'][$domain]['disks'][0]['layers'][1]" raw "$base"
done
expect_json_layer "d['pools'][0]['volumes'][0]['layers'][0]" qcow2 "$HOST_DIR/pool/volume.qcow2"
expect_json_layer "d['pools'][0]['volumes'][0]['layers'][1]" raw "$base"
expect_equal "headroom, where something is written" "33554432 None None" "$(value "$HOST_DIR/out" \
    "'%s %s %s' % (d['domains'][1]['disks'][0]['layers'][0].get('headroom'),
                   d['domains'][1]['disks'][0]['layers'][1].get('headroom'),
                   d['domains'][0]['disks'][0]['layers'][0].get('headroom'))")"

# A job and a threshold are in it, too.
host_virsh domblkthreshold "$name" vda 9999999
host_virsh blockcopy "$name" vda "$HOST_DIR/copy.qcow2" --bandwidth 1 --transient-job >/dev/null
cli_try list --json
expect_success "with a job it is of the schema's form" json_is_valid "$HOST_DIR/out"
expect_equal "the job" copy "$(value "$HOST_DIR/out" "d['domains'][0]['disks'][0]['job']['kind']")"
expect_equal "its target" "mirror $HOST_DIR/copy.qcow2" "$(value "$HOST_DIR/out" \
    "' '.join((x['role'] + ' ' + x['source']) for x in d['domains'][0]['disks'][0]['layers'] if x['name'] == 'mirror')")"
expect_equal "the threshold" 9999999 "$(value "$HOST_DIR/out" "d['domains'][0]['disks'][0]['layers'][0]['threshold']")"

# The schema is one that can fail.
sed 's/"capacity":/"size":/' "$HOST_DIR/whole" >"$HOST_DIR/other"
expect_success "another form is refused" test ! "$(json_is_valid "$HOST_DIR/other" 2>/dev/null && echo valid)"
