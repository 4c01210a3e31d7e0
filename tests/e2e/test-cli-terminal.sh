#!/bin/bash
# On a terminal the table has colours, unless NO_COLOR or TERM say otherwise, and
# is no wider than it; in a pipe it has none, and is whole. Nothing that a name
# holds gets to the terminal as a command.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=cli.sh
. "$(dirname "$0")/cli.sh"

requires_cli
requires_loop
requires_program script
cli_start_host

escape=$'\e'
# \u009b is the same as an escape and a bracket, to some terminals.
folder="$HOST_DIR/a folder <with> & \"quotes\" 'and' äöü"
hostile="$folder/"$'red\e[31m\u009b32m.qcow2'
mkdir "$folder"
host_make_image "$hostile" qcow2 8M
device=$(host_make_loop 8M)
host_make_image "$device" qcow2 32M
qemu-io -f qcow2 -c 'write 0 7M' "$device" >/dev/null
host_start_vm "full <&> 'Gerät'" "vda:qcow2:block:$device"
# libvirt's XML has no escape sequences, but what an image names does.
host_make_image "$folder/disk" qcow2 - "$hostile" qcow2
host_define_vm off "vda:qcow2:file:$folder/disk"

# on_terminal COLUMNS [VARIABLE=VALUE...]: the table as a terminal gets it
on_terminal() {
    local columns=$1
    shift
    env TERM=xterm "$@" script -qec "stty cols $columns rows 40; $(printf '%q ' \
        env "${CLI_ENVIRONMENT[@]}" "$CLI" -c "$HOST_URI_RO" --inactive)" /dev/null </dev/null
}

# How wide the widest line is, without colours.
width() {
    sed -E "s/${escape}\[[0-9;]*m//g" | tr -d '\r' | LC_ALL=C.UTF-8 wc -L
}

piped=$(cli --inactive)
expect_equal "escapes in a pipe" 0 "$(grep -c "$escape" <<<"$piped" || true)"
expect_success "the whole path in a pipe, with the commands to a terminal taken out of it" \
    grep -qF "$folder/red?[31m?32m.qcow2" <<<"$piped"
expect_success "the domain's name" grep -qxF "full <&> 'Gerät'" <<<"$piped"
expect_success "no line's end is lost: it ends with a mark" grep -qE ' 9[0-9]% #####!  ' <<<"$piped"

colours=$(on_terminal 80 | grep -oE "${escape}\[[0-9]+m" | sort -u | tr -d "$escape" | tr '\n' ' ')
expect_equal "colours on a terminal: plain, bold, yellow" "[0m [1m [33m " "$colours"
for setting in NO_COLOR=1 TERM=dumb; do
    expect_equal "none with $setting" 0 "$(on_terminal 80 $setting | grep -c "$escape" || true)"
done
expect_success "some with an empty NO_COLOR" grep -q "$escape" <<<"$(on_terminal 80 NO_COLOR=)"
for columns in 80 100 132; do
    expect_success "no line longer than $columns" [ "$(on_terminal $columns | width)" -le $columns ]
done
expect_success "the end of a path is there" grep -qF '...' <<<"$(on_terminal 100)"
expect_success "whole characters alone" iconv -f UTF-8 -t UTF-8 -o /dev/null <<<"$(for columns in {80..99}; do on_terminal "$columns"; done)"

status=0
cli --inactive >/dev/full 2>"$HOST_DIR/err" || status=$?
expect_equal "exit status where nothing can be written" 1 $status
exec {pipe}> >(:)
wait $!
status=0
cli --inactive 1>&"$pipe" 2>"$HOST_DIR/err" || status=$?
exec {pipe}>&-
expect_equal "and in a pipe that is closed: ended by SIGPIPE" 141 "$status"
expect_equal "without a word" "" "$(cat "$HOST_DIR/err")"
