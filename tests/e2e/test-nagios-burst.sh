#!/bin/bash
# integrations/nagios/notify-nagios when many notifications come at a time: the last one of
# a service has the last word, whichever of its processes is the faster one; a Nagios that
# is busy or starting again loses none; and when it stands still no process stays for long.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_program flock
host_create
trap test_end EXIT
script=$TEST_TOP/integrations/nagios/notify-nagios
dir=$HOST_DIR/rw
fifo=$dir/nagios.cmd
mkdir "$dir"
mkfifo "$fifo"
exec {reader}<>"$fifo"

# notification SEVERITY TIME SERVICE-NUMBER [HEADER...]
notification() {
    printf '%s\n' "Severity: $1" "Time: $2" 'Host: vm1' 'Plugin: virt_backing' \
        "PluginInstance: $3" 'Type: count' 'TypeInstance: errors' "${@:4}" '' "$TEXT"
}
TEXT=text

# hand_over SEVERITY TIME SERVICE-NUMBER [HEADER...]
hand_over() {
    STATUS=0
    notification "$@" | timeout 60 "$script" "$fifo" 0 2>/dev/null || STATUS=$?
}

# Print what is in the FIFO, as "SERVICE-NUMBER STATE" a line.
taken() {
    local line
    echo end >&"$reader"
    while IFS= read -r -t 40 -u "$reader" line && [ "$line" != end ]; do
        printf '%s\n' "$line"
    done | sed -E 's/^\[[0-9]+\] [A-Z_]+;vm1;virt_backing-([^;]*)\/count-errors;([0-9]);.*/\1 \2/'
}

# --- the order ---

for ((i = 0; i < 20; i++)); do
    notification FAILURE 1700000000.998 "$i" >"$HOST_DIR/failure$i"
    notification OKAY 1700000001.001 "$i" >"$HOST_DIR/okay$i"
done
pids=()
for ((i = 0; i < 20; i++)); do
    "$script" "$fifo" <"$HOST_DIR/failure$i" &
    pids+=($!)
    "$script" "$fifo" <"$HOST_DIR/okay$i" &
    pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
    wait "$pid" || failed=$((failed + 1))
done
expect_equal "pairs side by side: that failed" 0 $failed
expect_equal "pairs side by side: services, and those whose last state is not OK" "20 0" \
    "$(taken | awk '{ last[$1] = $2 } END { for (one in last) { n++; wrong += last[one] != 0 }; print n + 0, wrong + 0 }')"

hand_over OKAY 1700000005.000 a
hand_over FAILURE 1700000004.999 a
expect_equal "an older one: status" 0 "$STATUS"
hand_over FAILURE 1700000004.000 b
expect_equal "an older one is not handed over, but for another service" "a 0 b 2" "$(taken | xargs)"
hand_over WARNING 1700000005.000 a
hand_over FAILURE 1700000005.001 a
hand_over OKAY 1700000010 a
expect_equal "of the same time and newer ones" "a 1 a 2 a 0" "$(taken | xargs)"
# A rule's result has the time of the value, and the plugin may have told of an event since.
hand_over WARNING 1700000011.200 a
hand_over FAILURE 1700000011.000 a 'DataSource: value' 'CurrentValue: 5.0e+05'
hand_over OKAY 1700000010.000 a 'DataSource: value' 'CurrentValue: 5.0e+06'
expect_equal "a rule's are compared with each other" "a 1 a 2" "$(taken | xargs)"
# A clock that is set back must not silence a service.
sed -i 's/^[0-9]* /1000 /' "$fifo.order"
hand_over FAILURE 1700000001 a
expect_equal "what was told more than a minute ago is forgotten" "a 2" "$(taken | xargs)"
for ((i = 0; i < 5000; i++)); do
    echo "1700000000 1700000000000 nothing vm$i;service"
done >>"$fifo.order"
hand_over OKAY 1700000002 a
hand_over FAILURE 1700000001 a
expect_equal "many services: order" "a 0" "$(taken | xargs)"
expect_success "many services: what is kept has an end" [ "$(wc -l <"$fifo.order")" -le 4000 ]

# --- where the order can't be kept ---

rm "$fifo.order"
mkdir "$fifo.order"
hand_over OKAY 1700000002 a
expect_equal "it can't be kept: status" 0 "$STATUS"
rmdir "$fifo.order"
echo precious >"$HOST_DIR/precious"
ln -s "$HOST_DIR/precious" "$fifo.order"
chmod 1777 "$dir"
hand_over FAILURE 1700000001 a
expect_equal "in a folder that is everybody's: status" 0 "$STATUS"
expect_equal "nothing is written there" precious "$(cat "$HOST_DIR/precious")"
chmod 0755 "$dir"
rm "$fifo.order"
expect_equal "handed over all the same" "a 0 a 2" "$(taken | xargs)"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 0666 "$fifo"
    cp "$script" "$HOST_DIR/notify-nagios"
    notification WARNING 1700000001 a |
        setpriv --reuid=nobody --clear-groups "$HOST_DIR/notify-nagios" "$fifo"
    expect_equal "who may not write into the folder" "a 1" "$(taken | xargs)"
    expect_success "and has made no file" [ ! -e "$fifo.order" ]
fi

# --- a Nagios that is busy, or starts again ---

# All that the FIFO holds, in it and out of it.
fill() {
    dd if=/dev/zero of="$fifo" bs=4096 count=16 oflag=nonblock conv=nocreat,notrunc status=none
}

drain() {
    dd bs=4096 count=16 iflag=fullblock status=none <&"$reader" >/dev/null
}

# Together more than a FIFO holds, and that is full already.
TEXT=$(head -c 1400 /dev/zero | tr '\0' x)
fill
(
    sleep 2
    drain
    exec timeout 120 cat <&"$reader" >"$HOST_DIR/taken"
) &
cat_pid=$!
pids=()
for ((i = 0; i < 60; i++)); do
    "$script" "$fifo" < <(notification OKAY 1700000003 "busy$i") &
    pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
    wait "$pid" || failed=$((failed + 1))
done
took_all() {
    [ "$(wc -l <"$HOST_DIR/taken")" -ge 60 ]
}
host_poll 40 took_all || true
expect_equal "busy for two seconds: that failed" 0 $failed
expect_equal "busy for two seconds: that came" 60 "$(sort -u "$HOST_DIR/taken" | wc -l)"
kill "$cat_pid"
wait "$cat_pid" 2>/dev/null || true

TEXT=text
exec {reader}<&-
rm "$fifo"
"$script" "$fifo" < <(notification OKAY 1700000003 restarted) &
pid=$!
sleep 1
mkfifo "$fifo"
sleep 0.5
exec {reader}<>"$fifo"
expect_success "it starts again" wait $pid
expect_equal "it starts again: what came" "restarted 0" "$(taken)"

# --- a Nagios that stands still ---

fill
begin=$(host_now)
pids=()
for ((i = 0; i < 100; i++)); do
    "$script" "$fifo" 1 2>>"$HOST_DIR/reasons" < <(notification OKAY 1700000003 "still$i") &
    pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
    wait "$pid" || failed=$((failed + 1))
done
# Each waits for a second; one after the other they would take a hundred.
took=$(($(host_now) - begin))
expect_equal "it stands still: that failed" 100 $failed
expect_equal "it stands still: that said so" 100 "$(grep -c 'Resource temporarily unavailable' "$HOST_DIR/reasons")"
expect_success "it stands still: $took ms until all have ended" [ "$took" -lt 60000 ]
drain
