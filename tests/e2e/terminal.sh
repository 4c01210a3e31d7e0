# shellcheck shell=bash
# terminal.sh - virt-backing --watch in a terminal that a test can look at and
# type into: one of tmux. Source it after cli.sh.

# terminal COMMAND...: one of tmux's
terminal() {
    tmux -S "$HOST_DIR/tmux" "$@"
}

# A terminal of 80 columns and 24 lines, with a shell in it.
terminal_start() {
    terminal -f /dev/null new-session -d -x 80 -y 24 \
        env "${CLI_ENVIRONMENT[@]}" PS1='$ ' bash --norc
    host_on_cleanup tmux -S "$HOST_DIR/tmux" kill-server
}

# Print what is on it.
screen() {
    terminal capture-pane -p
}

# screen_has REGEX: one of its lines is like that
screen_has() {
    screen | grep -E -- "$1" >/dev/null
}

screen_has_not() {
    ! screen_has "$1"
}

# terminal_flag NAME: one of tmux's variables
terminal_flag() {
    terminal display-message -p "#{$1}"
}

is_plain() {
    [ "$(terminal_flag alternate_on)" = 0 ]
}

# start_watch OPTION...: the tool in the terminal. Its exit status and the
# terminal's settings of before and after go to files.
start_watch() {
    local line
    rm -f "$HOST_DIR"/{status,after}
    printf -v line '%q ' "$CLI" -c "$HOST_URI_RO" "$@"
    # shellcheck disable=SC2016 # for the shell in the terminal
    terminal send-keys -l "clear; echo 'was here before'; stty -g >$HOST_DIR/before; $line; echo \$? >$HOST_DIR/status; stty -g >$HOST_DIR/after"
    terminal send-keys Enter
    wait_until 40 screen_has 'vda  layer0'
}

# Print its process id.
watch_pid() {
    ps -o pid= --ppid "$(terminal_flag pane_pid)" | tr -d ' '
}

# expect_clean_end WHAT COMMAND...: what ends it
expect_clean_end() {
    local what=$1
    shift
    "$@"
    wait_until 40 test -s "$HOST_DIR/after"
    expect_equal "$what: exit status" 0 "$(cat "$HOST_DIR/status")"
    expect_equal "$what: the terminal's settings" "$(cat "$HOST_DIR/before")" "$(cat "$HOST_DIR/after")"
    wait_until 40 is_plain
    expect_success "$what: the old screen" screen_has '^was here before$'
    expect_equal "$what: cursor and wrapping lines" "1 1" "$(terminal_flag cursor_flag) $(terminal_flag wrap_flag)"
}
