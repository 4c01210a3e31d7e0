#!/bin/bash
# virt-backing --watch while libvirtd, or a QEMU, hangs: keys, signals and a new
# size are seen to at once, the last figures stay and say how old they are, and
# no more than one look waits.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source-path=SCRIPTDIR source=terminal.sh
. "$(dirname "$0")/terminal.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_cli
requires_program tmux
cli_start_host
stuck_start_vms "$HOST_DIR" vm1
terminal_start

old='^virt-backing ..:..:.. \([0-9]+ s old\), every 0.2 s, .*; q ends it$'

# Print how old the title says that the figures are.
age() {
    screen | sed -nE '1s/.*\(([0-9]+) s old\).*/\1/p'
}

# A look would wait for a minute.
start_patient() {
    start_watch --watch=0.2 --timeout 180
}

count_threads() {
    find "/proc/$(watch_pid)/task" -mindepth 1 -maxdepth 1 | wc -l
}

start_patient
wait_until 40 screen_has '^virt-backing ..:..:.., every'
stuck_stop_daemon
wait_until 40 screen_has "$old"
expect_success "the last figures" screen_has '^  vda  layer0'
before=$(age)
threads=$(count_threads)
is_older() {
    [ "$before" -lt "$(age)" ]
}
wait_until 40 is_older
expect_equal "threads" "$threads" "$(count_threads)"
terminal resize-window -x 80 -y 3
wait_until 40 screen_has '^  DISK LAYER'
terminal resize-window -x 80 -y 24
wait_until 40 screen_has '^  vda  layer0'
stuck_continue_daemon
wait_until 40 screen_has '^virt-backing ..:..:.., every'

# Ends COMMAND... while libvirtd hangs.
expect_end_while_hung() {
    stuck_stop_daemon
    wait_until 40 screen_has "$old"
    expect_clean_end "libvirtd hangs, $1" "${@:2}"
    stuck_continue_daemon
}

expect_end_while_hung "q" terminal send-keys q
start_patient
expect_end_while_hung "Ctrl-C" terminal send-keys C-c
start_patient
expect_end_while_hung "SIGTERM" kill -TERM "$(watch_pid)"

# --- a QEMU ---

start_patient
stuck_stop vm1
wait_until 40 screen_has "$old"
expect_clean_end "a QEMU hangs, q" terminal send-keys q
stuck_continue vm1

# --- with nothing to be seen yet ---

stuck_stop_daemon
terminal send-keys -l "$(printf '%q ' "$CLI" -c "$HOST_URI_RO" --watch=0.2 --timeout 180); echo over"
terminal send-keys Enter
wait_until 40 screen_has '^virt-backing, every 0.2 s: waiting for libvirt; q ends it$'
terminal send-keys q
wait_until 40 screen_has '^over$'
stuck_continue_daemon
