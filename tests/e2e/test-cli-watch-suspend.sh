#!/bin/bash
# virt-backing --watch gives the terminal back while it is stopped, by Ctrl-Z or
# from outside, and has it again when it goes on.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source-path=SCRIPTDIR source=terminal.sh
. "$(dirname "$0")/terminal.sh"

requires_cli
requires_program tmux
cli_start_host
host_make_image "$HOST_DIR/a.qcow2" qcow2 8M
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/a.qcow2"
terminal_start

shell() {
    terminal send-keys -l "$1"
    terminal send-keys Enter
}

is_alternate() {
    [ "$(terminal_flag alternate_on)" = 1 ]
}

# is_state LETTER: the tool's process, as ps says it
is_state() {
    [ "$(ps -o stat= -p "$pid" | cut -c 1)" = "$1" ]
}

# expect_stopped WHAT: and the terminal is as it was
expect_stopped() {
    wait_until 40 is_state T
    wait_until 40 is_plain
    wait_until 40 screen_has '^\[1\][+] +Stopped'
    expect_success "$1: the old screen" screen_has '^was here before$'
    expect_equal "$1: cursor and wrapping lines" "1 1" "$(terminal_flag cursor_flag) $(terminal_flag wrap_flag)"
}

# It goes on, and in the foreground.
is_in_front() {
    test_match '[SR][^+]*[+]' "$(ps -o stat= -p "$pid")"
}

# keyboard_is REGEX: the terminal's settings, as stty says them
keyboard_is() {
    test_match ".* $1 .*" "$(stty -aF "$(terminal_flag pane_tty)" | tr '\n' ' ')"
}

# expect_back WHAT: it has the terminal again, and keys one by one. After a
# SIGSTOP the screen is as it was, so nothing that is seen there says that it
# goes on; and settings are those of the shell until it has set its own.
expect_back() {
    shell 'clear; echo "was here before"; fg'
    wait_until 40 is_in_front
    wait_until 40 is_alternate
    wait_until 40 screen_has '^  vda  layer0'
    expect_equal "$1: no cursor, no wrapping lines" "0 0" "$(terminal_flag cursor_flag) $(terminal_flag wrap_flag)"
    expect_success "$1: keys are not shown" host_poll 40 keyboard_is -echo
    expect_success "$1: they come one by one" host_poll 40 keyboard_is -icanon
}

shell "clear; echo 'was here before'; $(printf '%q ' "$CLI" -c "$HOST_URI_RO" --watch=0.5)"
wait_until 40 screen_has '^  vda  layer0'
pid=$(watch_pid)
terminal send-keys C-z
expect_stopped "Ctrl-Z"
expect_back "fg"
kill -TSTP "$pid"
expect_stopped "SIGTSTP"

# In the background it does not touch the terminal.
shell bg
sleep 0.5
wait_until 40 is_state T
expect_success "in the background" is_plain
expect_back "fg of there"

# One that can't be caught leaves the screen as it is; but then all is well again.
kill -STOP "$pid"
wait_until 40 is_state T
expect_back "fg after SIGSTOP"

terminal send-keys q
wait_until 40 is_plain
shell "stty -a >$HOST_DIR/after; echo over"
wait_until 40 screen_has '^over$'
expect_success "at its end keys are shown" test_match '.* echo .*' "$(tr '\n' ' ' <"$HOST_DIR/after")"
