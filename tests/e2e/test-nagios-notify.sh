#!/bin/bash
# integrations/nagios/notify-nagios alone: what a notification becomes, whatever
# stands in it; each a single write that a FIFO takes whole. Without somebody who
# reads there it does not wait, and it makes no file.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_program strace
host_create
trap test_end EXIT
script=$TEST_TOP/integrations/nagios/notify-nagios
fifo=$HOST_DIR/nagios.cmd
reader=
mkfifo "$fifo"

# Print a notification: notification SEVERITY TEXT [HEADER...]
notification() {
    printf 'Severity: %s\nTime: 1700000000.987\n' "$1"
    [ $# -gt 2 ] || set -- "$1" "$2" 'Host: vm1' 'Plugin: virt_backing' 'PluginInstance: vda' \
        'Type: disk_headroom' 'TypeInstance: layer0'
    printf '%s\n' "${@:3}" '' "$2"
}

# Hand standard input to the script: status and stderr are in STATUS and REASON.
hand_over() {
    STATUS=0
    timeout 10 "$script" "${1:-$fifo}" 0 2>"$HOST_DIR/reason" || STATUS=$?
    REASON=$(cat "$HOST_DIR/reason")
}

# expect_command WHAT COMMAND: all that is in the FIFO, for a notification on
# standard input
expect_command() {
    local line='' more=''
    hand_over
    expect_equal "$1: exit status" 0 "$STATUS"
    IFS= read -r -t 10 -u "$reader" line || true
    IFS= read -r -t 0.05 -u "$reader" more || true
    expect_equal "$1" "$2" "$line$more"
}

# expect_refusal WHAT REASON [COMMAND-FILE]
expect_refusal() {
    local reason=$2
    hand_over "${3:-}"
    expect_equal "$1: exit status" 1 "$STATUS"
    expect_success "$1: the reason is told" test_match "notify-nagios: .*$reason.*" "$REASON"
}

# --- nobody reads, or it is no FIFO ---

notification OKAY text >"$HOST_DIR/usual"
expect_refusal "nobody reads" 'No such device or address' <"$HOST_DIR/usual"
expect_refusal "no file" 'is not a FIFO' "$HOST_DIR/none" <"$HOST_DIR/usual"
expect_success "no file was made" test ! -e "$HOST_DIR/none"
echo content >"$HOST_DIR/plain"
expect_refusal "a plain file" 'is not a FIFO' "$HOST_DIR/plain" <"$HOST_DIR/usual"
expect_equal "the plain file" content "$(cat "$HOST_DIR/plain")"
expect_refusal "a folder" 'is not a FIFO' "$HOST_DIR" <"$HOST_DIR/usual"

# --- what is handed over ---

exec {reader}<>"$fifo"
start='[1700000000] PROCESS_SERVICE_CHECK_RESULT;vm1;'
full="${start}virt_backing-vda/disk_headroom-layer0;"
expect_command "OKAY" "${full}0;text" <"$HOST_DIR/usual"
expect_command "WARNING" "${full}1;text" < <(notification WARNING text)
expect_command "FAILURE" "${full}2;text" < <(notification FAILURE text)
expect_command "no text" "${full}2;FAILURE" < <(notification FAILURE '')
expect_command "no plugin instance" "${start}virt_backing/duration-stale;1;text" \
    < <(notification WARNING text 'Host: vm1' 'Plugin: virt_backing' 'Type: duration' 'TypeInstance: stale')
expect_command "no type instance" "${start}cpu-0/load;1;text" \
    < <(notification WARNING text 'Host: vm1' 'Plugin: cpu' 'PluginInstance: 0' 'Type: load')
expect_command "metadata, some of them posing as headers" "${full}2;text" \
    < <(notification FAILURE text 'Host: vm1' 'Plugin: virt_backing' 'PluginInstance: vda' 'Type: disk_headroom' \
        'TypeInstance: layer0' 'CurrentValue: 7.2e+05' 'Severity: OKAY' 'Host: other' 'TypeInstance: layer1')
# shellcheck disable=SC2016 # nothing is meant to expand
expect_command "quotes, semicolons, what a shell would run" \
    "${full}2;\"a\" 'b' \`c\` \$(d) \${e} ;2;f & g > h * !" \
    < <(notification FAILURE "\"a\" 'b' \`c\` \$(d) \${e} ;2;f & g > h * !")
expect_command "lines" "${full}2;one two [1] PROCESS_FILE;/etc/passwd;1" \
    < <(notification FAILURE $'one\ntwo\n[1] PROCESS_FILE;/etc/passwd;1')
# shellcheck disable=SC1003 # it is a backslash that is wanted
expect_command "backslashes" "${full}2;C:\\\\new \\\\\\\\" < <(notification FAILURE 'C:\new \\')
expect_command "performance data" "${full}2;a/b=1" < <(notification FAILURE 'a|b=1')
expect_command "control characters" "${full}2;a b c d e f" \
    < <(notification FAILURE $'a\tb\rc\x1bd\x7fe\001f')
expect_command "zero bytes" "${full}2;a b" < <(notification FAILURE aXb | tr X '\0')
expect_command "UTF-8" "${full}2;größer als 5 €" < <(notification FAILURE 'größer als 5 €')
expect_command "formats" "${full}2;%s %n \\\\x41" < <(notification FAILURE '%s %n \x41')
# shellcheck disable=SC2016 # nothing is meant to expand
expect_command "odd names" "[1700000000] PROCESS_SERVICE_CHECK_RESULT;\$(x) \"y\";p-a/b/t-\`c\`;0;text" \
    < <(notification OKAY text 'Host: $(x) "y"' 'Plugin: p' 'PluginInstance: a/b' 'Type: t' "TypeInstance: \`c\`")
expect_command "a control character in a name" "[1700000000] PROCESS_SERVICE_CHECK_RESULT;v m;p/t;0;text" \
    < <(notification OKAY text $'Host: v\x0bm' 'Plugin: p' 'Type: t')

# --- long texts: one write of no more than PIPE_BUF ---

# long_text CHARACTER LINES: a million characters
long_text() {
    head -c 1000000 /dev/zero | tr '\0' x | fold -w "$2" | sed "s/x/$1/g"
}

# expect_long WHAT TEXT-PATTERN
expect_long() {
    local line=
    hand_over
    expect_equal "$1: exit status" 0 "$STATUS"
    IFS= LC_ALL=C read -r -t 10 -u "$reader" line || true
    expect_success "$1: its form" test_match "\\[1700000000\\] [A-Z_]+;vm1;virt_backing-vda/disk_headroom-layer0;2;$2" "$line"
    expect_success "$1: no longer than PIPE_BUF" test "$(printf '%s\n' "$line" | wc -c)" -le 4096
    more=
    IFS= read -r -t 0.05 -u "$reader" more || true
    expect_equal "$1: a single line" "" "$more"
}

expect_long "a long line" 'x+' < <(notification FAILURE "$(long_text x 1000000)")
expect_long "many lines" '(x+ )+x*' < <(notification FAILURE "$(long_text x 100)")
# Each of them is two.
# shellcheck disable=SC1003 # two backslashes for sed
expect_long "backslashes" '(\\\\)+' < <(notification FAILURE "$(long_text '\\' 1000000)")
expect_long "UTF-8, cut between two characters" 'x(ä)*' < <(notification FAILURE "x$(long_text ä 1000000)")
strace -f -e trace=execve,write -o "$HOST_DIR/trace" "$script" "$fifo" \
    < <(notification FAILURE "$(long_text x 1000)") 2>/dev/null
expect_equal "writes of who writes to the FIFO" 1 \
    "$(awk '/execve\(.*\/dd"/ { dd = $1 } $1 == dd && /write\(1,/ { n++ } END { print n }' "$HOST_DIR/trace")"
IFS= read -r -t 10 -u "$reader" _

# --- a FIFO that is full ---

dd if=/dev/zero of="$fifo" bs=4096 count=16 oflag=nonblock conv=nocreat,notrunc status=none
expect_refusal "the FIFO is full" 'Resource temporarily unavailable' <"$HOST_DIR/usual"
dd if="$fifo" of=/dev/null bs=4096 count=16 status=none

# --- what is no result of a service ---

expect_refusal "a semicolon in a name" 'a semicolon in a name' \
    < <(notification OKAY text 'Host: vm1;x;0;y' 'Plugin: p' 'Type: t')
expect_refusal "a long name" 'too long' \
    < <(notification OKAY text 'Host: vm1' "Plugin: $(long_text p 1000000)" 'Type: t')
expect_refusal "no host" 'no host' < <(notification OKAY text 'Plugin: p' 'Type: t')
expect_refusal "no severity" 'no severity' < <(notification BAD text)
expect_refusal "no time" 'no time' < <(notification OKAY text | sed 's/^Time: .*/Time: [1] X/')
expect_refusal "nothing" 'no severity' </dev/null
expect_refusal "nonsense" 'no severity' < <(head -c 20000 /dev/urandom)
IFS= read -r -t 0.05 -u "$reader" more || true
expect_equal "in the FIFO" "" "${more:-}"

# collectd's exec plugin reads nothing that a notification's program says.
mkdir "$HOST_DIR/bin"
# shellcheck disable=SC2016 # expands in the script
printf '#!/bin/sh\necho "$*" >"%s"\n' "$HOST_DIR/logged" >"$HOST_DIR/bin/logger"
chmod +x "$HOST_DIR/bin/logger"
mkfifo "$HOST_DIR/dead"
exec {other}<>"$HOST_DIR/dead"
exec {dead}>"$HOST_DIR/dead"
exec {other}<&-
PATH=$HOST_DIR/bin:$PATH "$script" "$HOST_DIR/none" 0 <"$HOST_DIR/usual" 2>&"$dead" || true
expect_equal "to the system's log" \
    "-t notify-nagios -- $HOST_DIR/none is not a FIFO: Nagios does not run, or takes no external commands" \
    "$(cat "$HOST_DIR/logged")"
