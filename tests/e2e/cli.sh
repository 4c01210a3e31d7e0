# shellcheck shell=bash
# cli.sh - virt-backing, the command line tool, in tests. Source it after
# functions.sh.

CLI=$(cd "$BUILD_DIR" && pwd)/tools/virt-backing
CLI_ENVIRONMENT=()
CLI_STATUS=0

requires_cli() {
    requires host_require_libvirt
    [ -x "$CLI" ] || skip "there is no virt-backing in BUILD_DIR"
}

# As test_start_host and test_start_host_after, for cli.
cli_start_host() {
    cli_start_host_after true
}

cli_start_host_after() {
    test_start_host_after "$@"
    mapfile -t CLI_ENVIRONMENT < <(host_sanitizer_environment)
}

# cli WORD...: the tool, on the libvirt of the test, which may be slow: a --timeout among
# the words counts
cli() {
    env "${CLI_ENVIRONMENT[@]}" "$CLI" --connect "$HOST_URI_RO" --timeout 60 "$@"
}

# The same, with CLI_STATUS as its exit status and $HOST_DIR/out and err as what
# it has written.
cli_try() {
    CLI_STATUS=0
    cli "$@" >"$HOST_DIR/out" 2>"$HOST_DIR/err" </dev/null || CLI_STATUS=$?
}

# expect_cli WHAT STATUS REGEX WORD...: it ends like that, and its stderr fits
expect_cli() {
    local what=$1 status=$2 regex=$3
    shift 3
    cli_try "$@"
    expect_equal "$what: exit status" "$status" "$CLI_STATUS"
    expect_success "$what: stderr is like $regex: $(cat "$HOST_DIR/err")" \
        test_match "$regex" "$(cat "$HOST_DIR/err")"
}

# expect_check WHAT STATUS TEXT WORD...: the exit status of virt-backing check, and all
# before the '|' of its one line
expect_check() {
    local what=$1 status=$2 text=$3
    shift 3
    cli_try check "$@"
    expect_equal "$what: exit status" "$status" "$CLI_STATUS"
    expect_equal "$what: text" "$text" "$(sed 's/ |.*//' "$HOST_DIR/out")"
    expect_equal "$what: lines" 1 "$(wc -l <"$HOST_DIR/out")"
}

# is_within LOW HIGH NUMBER
is_within() {
    [ "$1" -le "$3" ] && [ "$3" -le "$2" ]
}

requires_json_schema() {
    python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
}

# json_is_valid FILE: it is of the form that virt-backing's schema has
json_is_valid() {
    python3 - "$TEST_TOP/tools/virt-backing.schema.json" "$1" <<'EOS'
import json, jsonschema, sys
schema, document = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.Draft7Validator(schema).validate(document)
EOS
}

# Print what an XPath expression finds: xpath FILE EXPRESSION
xpath() {
    xmllint --xpath "string($2)" "$1"
}

# Print mode, owner and group of a file, its times and its three sizes, one a
# line, as the RFC's elements have them: truth_elements FORMAT FILE
truth_elements() {
    truth_virtual_size "$1" "$2"
    truth_du "$2"
    truth_length "$2"
    stat -L -c '%04a%n%u%n%g' "$2" | sed "s|$2|\n|g"
    for time in X Y Z; do
        stat -L -c "%.9$time" "$2"
    done
}

# Print the same as an element has it: xml_elements FILE XPATH
xml_elements() {
    local element
    for element in capacity allocation physical permissions/mode permissions/owner \
        permissions/group timestamps/atime timestamps/mtime timestamps/ctime; do
        xpath "$1" "$2/$element"
    done
}

# --- XML, compared with the RFC's ---

LABEL=system_u:object_r:virt_image_t:s0

# Give images SELinux labels, if that can be done here: label_images FILE...
label_images() {
    python3 -c 'import os, sys
for name in sys.argv[2:]:
    os.setxattr(name, "security.selinux", sys.argv[1].encode() + b"\0")' "$LABEL" "$@" 2>/dev/null || LABEL=
}

# Pass on a skeleton, without <label> where images have none.
with_labels() {
    if [ -n "$LABEL" ]; then cat; else grep -v '^ *label$'; fi
}

# Print the elements below one, how they are nested, and their attributes, but
# for those that fit a regular expression, and elements that do:
#   skeleton FILE XPATH REGEX
skeleton() {
    python3 - "$@" <<'EOS'
import re, sys, xml.etree.ElementTree as tree

def show(element, depth):
    if re.fullmatch(sys.argv[3], element.tag):
        return
    attributes = ''.join(f' {name}="{value}"' for name, value in element.attrib.items()
                         if not re.fullmatch(sys.argv[3], name))
    print('  ' * depth + element.tag + attributes)
    for child in element:
        show(child, depth + 1)

root = tree.parse(sys.argv[1]).getroot()
show(root if sys.argv[2] == '.' else root.find(sys.argv[2]), 0)
EOS
}
