#!/bin/bash
# virt-backing --watch in a terminal: the table live, on a screen of its own, in
# which a commit is seen to grow; it follows the window's size, and leaves the
# terminal as it was after 'q', Ctrl-C and SIGTERM.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source-path=SCRIPTDIR source=terminal.sh
. "$(dirname "$0")/terminal.sh"

requires_cli
requires_program tmux
cli_start_host

base=$HOST_DIR/base.qcow2
middle=$HOST_DIR/middle.qcow2
host_make_image "$base" qcow2 64M
host_make_image "$middle" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 0 48M' "$middle" >/dev/null
host_make_image "$HOST_DIR/top.qcow2" qcow2 - "$middle" qcow2
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/top.qcow2"

terminal_start
start_watch --watch=0.2
expect_equal "a screen of its own, no cursor" "1 0" "$(terminal_flag alternate_on) $(terminal_flag cursor_flag)"
wait_until 40 screen_has '^virt-backing ..:..:.., every 0.2 s, .*; q ends it$'
wait_until 40 screen_has ' [.]{3}[^ ]*e.qcow2$'

# --- a commit ---

allocation() {
    screen | awk '$1 == "layer2" { print substr($5, 1, length($5) - 1) * ($5 ~ /M$/ ? 1024 : 1) }'
}

before=$(allocation)
host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bandwidth 2 >/dev/null
wait_until 40 screen_has '^ +commit [0-9]+% done, up to [0-9.]+M to write$'
done_before=$(screen | sed -nE 's/^ +commit ([0-9]+)%.*/\1/p')
grows() {
    awk "BEGIN { exit !($(allocation) > $1) }"
}
wait_until 40 grows "$before"
middle_figure=$(allocation)
wait_until 40 grows "$middle_figure"
sleep 0.5
done_after=$(screen | sed -nE 's/^ +commit ([0-9]+)%.*/\1/p')
expect_success "its progress: $done_before < $done_after" [ "$done_before" -lt "${done_after:-100}" ]
host_virsh blockjob vm1 vda --bandwidth 1000
commit_is_gone() {
    ! screen_has 'commit' && ! screen_has 'layer2'
}
wait_until 40 commit_is_gone

# --- other sizes ---

terminal resize-window -x 132 -y 24
wait_until 40 screen_has " $base\$"
terminal resize-window -x 80 -y 5
wait_until 40 screen_has '^virt-backing ..:..:..'
expect_equal "a small window: as much as there is room for" "virt-backing vm1" \
    "$(screen | awk '{ print $1 }' | sed -n '1p;4p' | paste -sd ' ')"
terminal resize-window -x 80 -y 24

# --- no libvirtd for a while ---

host_stop_libvirtd
wait_until 40 screen_has '^virt-backing .*: libvirt does not answer; q ends it$'
expect_success "why, on the second line" test_match '(no|the) connection to .*' "$(screen | sed -n 2p)"
expect_equal "and nothing else" "" "$(screen | sed '1,2d' | tr -d '\n')"
host_start_libvirtd
wait_until 40 screen_has 'vda  layer0'
expect_equal "then, the second line" "" "$(screen | sed -n 2p)"

# --- its end ---

expect_clean_end "q" terminal send-keys q
start_watch --watch=0.2
expect_clean_end "Ctrl-C" terminal send-keys C-c
start_watch --watch=0.2
expect_clean_end "SIGTERM" kill -TERM "$(watch_pid)"

expect_cli "not on a terminal" 1 'virt-backing: --watch is for a terminal' --watch
