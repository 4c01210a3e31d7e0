#!/bin/bash
# What virt-backing says, and how it ends, where it can't do what it is to do.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
cli_start_host
host_make_image "$HOST_DIR/a.qcow2" qcow2 8M
host_define_vm off "vda:qcow2:file:$HOST_DIR/a.qcow2"

mkdir "$HOST_DIR/pool"
host_virsh pool-create-as off dir --target "$HOST_DIR/pool" >/dev/null

# regex_of TEXT: an expression for that text
regex_of() {
    echo "${1//\(/\\(}"
}

# --- the command line ---

see='; see virt-backing --help'
expect_cli "no such option" 2 ".*unrecognized option '--nothing'.*See virt-backing --help" --nothing
expect_cli "an argument is missing" 2 '.*requires an argument.*' list --timeout
expect_cli "an argument is too many" 2 'virt-backing: xml: too many arguments'"$see" xml a b
expect_cli "or too few" 2 'virt-backing: explain: too few arguments'"$see" explain a
for seconds in 0 -1 86401 1x '' nan; do
    expect_cli "timeout '$seconds'" 2 "virt-backing: option --timeout: \"$seconds\" is not allowed; allowed are seconds from 0.1 to 86400$see" -t "$seconds"
    expect_cli "watch '$seconds'" 2 "virt-backing: option --watch: \"$seconds\" is not allowed; .*" --watch="$seconds"
done
for limit in 0 -1G 1.5G 101% % 0% 1KB G '' 1e30T inf; do
    expect_cli "limit '$limit'" 3 "virt-backing: option --critical: \"$limit\" is not allowed; .*" check --critical "$limit"
done
expect_cli "limits" 2 'virt-backing: --warning and --critical are for check'"$see" list --warning 1G
for option in --json --watch --volumes --bytes --inactive; do
    expect_cli "xml $option" 2 "virt-backing: .*$option.* for list$see" xml off $option
done
expect_cli "two kinds of output" 2 'virt-backing: --json and --watch do not go together'"$see" --json --watch
expect_cli "a bad expression" 2 'virt-backing: domain "/\(/" is not allowed: [^;]+'"$see" list vm1 '/(/'
expect_cli "one without an end" 2 'virt-backing: domain "/vm" is not allowed: [^;]+'"$see" /vm
expect_cli "no name" 2 'virt-backing: domain "" is not allowed: [^;]+'"$see" list ''
expect_cli "check, a bad expression" 3 'virt-backing: domain "/\(/" is not allowed: [^;]+'"$see" check --warning 1 '/(/'
expect_cli "no URI" 2 'virt-backing: option --connect: "" is not allowed; .*'"$see" --connect ''
for limits in '1M 1G' '1 1K' '90% 80%'; do
    # shellcheck disable=SC2086 # words are meant to be split
    expect_cli "a critical limit that is met first, $limits" 3 "virt-backing: check: --critical is met before --warning$see" \
        check --warning ${limits% *} --critical ${limits#* }
done
expect_cli "the same limit" 3 'virt-backing: .*' --connect nothing:/// check --warning 1G --critical 1G
# Which command it is the first word says that is no option.
expect_cli "check is a domain" 2 'virt-backing: option --watch: .*' list check --watch=0
expect_cli "check is a URI" 2 'virt-backing: option --watch: .*' --connect check --watch=0
expect_cli "check is a domain, behind --" 2 'virt-backing: option --watch: .*' --watch=0 -- list check
expect_cli "check behind options" 3 'virt-backing: option --timeout: .*' --watch 2 -c nothing -b --timeout 0 check
expect_cli "check behind one that is none" 3 ".*unrecognized option '--nothing'.*" --nothing check
cli_try --version
expect_equal "version" "virt-backing 0.1.0" "$(cat "$HOST_DIR/out")"

# --- what is not there ---

expect_cli "list, no such domain" 1 'virt-backing: no domain "off" runs; --inactive shows others' list off
expect_cli "the same one" 0 '' list --inactive off
expect_cli "xml, no such domain" 1 'virt-backing: no domain "nothing"' xml nothing
expect_cli "explain, no such domain" 1 'virt-backing: no domain "nothing"' explain nothing vda
for name in /off/ '/(/'; do
    expect_cli "a name is no expression, xml" 1 "virt-backing: no domain \"$(regex_of "$name")\"" xml "$name"
    expect_cli "a name is no expression, explain" 1 "virt-backing: no domain \"$(regex_of "$name")\"" explain "$name" vda
    expect_cli "a name is no expression, vol-xml" 1 "virt-backing: no pool \"$(regex_of "$name")\" is active" vol-xml "$name" a.qcow2
done
expect_cli "vol-xml, no such volume" 1 'virt-backing: pool "off" has no volume "/a.qcow2/"' vol-xml off /a.qcow2/

# --- who may not, and where nobody answers ---

if [ "$HOST_MODE" = system ]; then
    # nobody may not open the socket that writes.
    chmod 0700 "$HOST_DIR/sock/libvirt-sock-ro"
    cp "$CLI" "$HOST_DIR/virt-backing"
    status=0
    setpriv --reuid=nobody --regid=nogroup --clear-groups -- env "${CLI_ENVIRONMENT[@]}" \
        "$HOST_DIR/virt-backing" -c "$HOST_URI_RO" list 2>"$HOST_DIR/err" || status=$?
    expect_equal "no permission: exit status" 1 $status
    expect_success "no permission: $(cat "$HOST_DIR/err")" grep -q 'virt-backing: .*Permission denied' "$HOST_DIR/err"
fi
host_stop_libvirtd
for command in list 'xml off' 'vol-xml a b' 'explain off vda'; do
    # shellcheck disable=SC2086 # words are meant to be split
    expect_cli "no libvirtd, $command" 1 $'virt-backing: [^\n]*(refused|No such file)[^\n]*' $command
done
