#!/bin/bash
# The completion for bash knows commands, options, domains, disks, layers, pools
# and volumes, of the hypervisor that the line names, and quotes odd names.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
library=/usr/share/bash-completion/bash_completion
[ -f "$library" ] || skip "bash-completion is not installed"
cli_start_host

mkdir "$HOST_DIR"/{pool,other}
host_make_image "$HOST_DIR/pool/base.qcow2" qcow2 8M
host_make_image "$HOST_DIR/other/more.qcow2" qcow2 8M
host_make_image "$HOST_DIR/pool/top.qcow2" qcow2 - "$HOST_DIR/pool/base.qcow2" qcow2
host_start_vm web "vda:qcow2:file:$HOST_DIR/pool/top.qcow2" "hdc:raw:cdrom:"
host_define_vm 'web "2" & co' "vda:qcow2:file:$HOST_DIR/pool/top.qcow2"
for pool in pool other; do
    host_virsh pool-create-as $pool dir --target "$HOST_DIR/$pool" >/dev/null
done

# Print what bash offers for a line, in one line: complete WORD... The last word
# is the one to complete.
complete_line() {
    # shellcheck disable=SC2016 # for the shell that is started
    env "${CLI_ENVIRONMENT[@]}" "$BASH" --norc -c '
        . "$1"
        . "$2"
        shift 2
        COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
        # As readline does: the characters of COMP_WORDBREAKS are words.
        COMP_WORDS=()
        for word; do
            readarray -t -O ${#COMP_WORDS[@]} COMP_WORDS < <(sed -E "s/([:=]+)/\n\1\n/g" <<<"$word")
        done
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _virt_backing "$1" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
        printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd "|"' \
        bash "$library" "$TEST_TOP/tools/bash-completion/virt-backing" "$CLI" "$@"
}

# expect_offer REPLY WORD...
expect_offer() {
    local reply=$1
    shift
    # It waits for libvirt no longer than a second.
    expect_soon "offer for: ${*//$HOST_DIR/...}" "$reply" complete_line "$@"
}

at=(-c "$HOST_URI_RO")
expect_offer 'xml' x
expect_offer 'vol-xml' "${at[@]}" vo
expect_offer '--warning' check --w
expect_offer '--watch' --w
expect_offer '///session|///system' --connect 'qemu:'
expect_offer 'web' "${at[@]}" list we
expect_offer 'web|web\ \"2\"\ \&\ co' "${at[@]}" xml we
expect_offer 'web\ \"2\"\ \&\ co' "${at[@]}" list --inactive 'web\ '
expect_offer 'hdc|vda' "${at[@]}" explain web ''
expect_offer 'layer0|layer1' "${at[@]}" explain web vda l
expect_offer '' "${at[@]}" explain web vda layer0 ''
expect_offer 'other|pool' "${at[@]}" vol-xml ''
expect_offer 'base.qcow2|top.qcow2' "${at[@]}" vol-xml pool ''
expect_offer '' -c test:///nothing list w
