#!/bin/bash
# virt-backing --watch with more lines than the screen has: the last line says
# how many there are, keys lead to them, the head stays; and no line goes on in
# the next, however long it is.

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
# Two lines each.
for i in {10..19}; do
    host_define_vm "vm$i" "vda:qcow2:file:$HOST_DIR/a.qcow2"
done
terminal_start
# Half of them have room, beside head and foot.
terminal resize-window -x 80 -y 14

# Print one line: line NUMBER
line() {
    screen | sed -n "${1}p"
}

# shows TOP BOTTOM FOOT: the table's first and last line that are seen, and the
# last line of the screen
shows() {
    [ "$(line 4 | cut -c -9)|$(line 13 | cut -c -9)|$(line 14)" = "$1|$2|$3" ]
}

# expect_after KEY TOP BOTTOM FOOT: what it shows then
expect_after() {
    terminal send-keys "$1"
    host_poll 40 shows "${@:2}" || true
    expect_equal "$1" "$2|$3|$4" "$(line 4 | cut -c -9)|$(line 13 | cut -c -9)|$(line 14)"
    expect_equal "$1: the head" "  DISK LAYER" "$(line 3 | cut -c -12)"
}

layer='  vda  la'
start_watch --watch=0.5 --inactive
expect_after x 'vm10 (off' "$layer" '... 10 more lines'
expect_after Down "$layer" 'vm15 (off' '... 9 more lines, 1 above'
expect_after j 'vm11 (off' "$layer" '... 8 more lines, 2 above'
expect_after Up "$layer" 'vm15 (off' '... 9 more lines, 1 above'
expect_after k 'vm10 (off' "$layer" '... 10 more lines'
expect_after Up 'vm10 (off' "$layer" '... 10 more lines'
expect_after End 'vm15 (off' "$layer" '... 10 lines above'
expect_after Down 'vm15 (off' "$layer" '... 10 lines above'
expect_after Home 'vm10 (off' "$layer" '... 10 more lines'
expect_after NPage 'vm15 (off' "$layer" '... 10 lines above'
expect_after k "$layer" 'vm19 (off' '... 1 more line, 9 above'
expect_after PPage 'vm10 (off' "$layer" '... 10 more lines'

# --- other sizes ---

terminal resize-window -x 80 -y 30
wait_until 40 screen_has '^vm19'
expect_success "no foot where all has room" screen_has_not '[.]{3} '
terminal resize-window -x 80 -y 4
wait_until 40 screen_has_not '^  vda'
expect_equal "where a line is all there is" 'vm10 (off)' "$(line 4)"
terminal resize-window -x 40 -y 14
wait_until 40 shows 'vm10 (off' "$layer" '... 10 more lines'
expect_equal "a narrow one" 14 "$(screen | wc -l)"
expect_clean_end "q" terminal send-keys q

# --- lines that are longer ---

terminal resize-window -x 80 -y 14
start_watch --watch=0.5 --inactive --bytes
expect_equal "two lines each" "5 5" "$(screen | sed -n 4,13p | grep -c '^vm1[0-4] (off)$') $(screen | sed -n 4,13p | grep -c '^  vda  layer0')"
expect_success "no line of 80" screen_has_not '.{80}'
expect_equal "the left of them" "IMAGE CAPACITY ALLOCATION" "$(line 3 | awk '{ print $3, $4, $5 }')"
for _ in 1 2 3 4 5; do
    terminal send-keys Right
done
wait_until 40 screen_has 'PHYSICAL +HEADROOM USED +SOURCE$'
expect_success "the right of them" screen_has " $(truth_du "$HOST_DIR/a.qcow2") +$(truth_length "$HOST_DIR/a.qcow2") .*[.]{3}qcow2$"
terminal send-keys Left Left Left Left Left Left
wait_until 40 screen_has '^  DISK LAYER'
expect_success "and the left again" screen_has '^vm10 '
expect_clean_end "q" terminal send-keys q
