#!/bin/bash
# InactiveInterval: the images of a VM that is powered off are read again when it is
# over, each time, and not before.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_program strace
export HOST_INTERVAL=0.3
test_start_host

base=$HOST_DIR/base.qcow2
top=$HOST_DIR/top.qcow2
host_make_image "$base" qcow2 8M
host_make_image "$top" qcow2 - "$base" qcow2
host_define_vm vm1 "vda:qcow2:file:$top"

trace=$HOST_DIR/trace
export HOST_COLLECTD_WRAPPER="strace -D -f -ttt --seccomp-bpf -qq -e trace=openat -e signal=none -o $trace"
start=$(date +%s.%N)
host_start_collectd 'InactiveDomains true' 'InactiveInterval 2'

# Print when an image was opened by its name, in seconds. How it is opened then by
# the number that this gave does not matter.
openings() {
    sed -nE "s,^[0-9]+ +([0-9.]+) openat\\(AT_FDCWD\\, \"$1\".*,\\1,p" "$trace"
}
opened_often() {
    [ "$(openings "$base" | wc -l)" -ge 6 ]
}
wait_until 40 opened_often
expect_quiet_log
host_stop_collectd

# Print the seconds between openings, sorted, the one in the middle alone.
usual_gap() {
    openings "$1" | awk 'NR > 1 { print $1 - last } { last = $1 }' | sort -n | awk '
        { gap[NR] = $1 }
        END { print gap[int((NR + 1) / 2)] }'
}

# A pass that is late counts from its beginning, and looks at images later: then one gap is
# too long, and the next one too short.
for image in "$top" "$base"; do
    expect_equal "openings of ${image##*/} that came too early" "" \
        "$(openings "$image" | awk -v start="$start" '$1 < start + 2 * (NR - 1) { print NR }')"
    gap=$(usual_gap "$image")
    expect_success "openings of ${image##*/} are $gap seconds apart" awk "BEGIN { exit !($gap >= 1.5 && $gap <= 3) }"
done
