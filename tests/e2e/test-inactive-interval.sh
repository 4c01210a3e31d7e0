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
host_start_collectd 'InactiveDomains true' 'InactiveInterval 2'

# Print when an image was opened by its name, in seconds. How it is opened then by
# the number that this gave does not matter.
openings() {
    sed -nE "s,^[0-9]+ +([0-9.]+) openat\\(AT_FDCWD\\, \"$1\".*,\\1,p" "$trace"
}
opened_often() {
    [ "$(openings "$base" | wc -l)" -ge 5 ]
}
wait_until 40 opened_often
expect_quiet_log
host_stop_collectd

for image in "$top" "$base"; do
    expect_equal "seconds between openings of ${image##*/} that are too many or too few" "" \
        "$(openings "$image" | awk 'NR > 1 && ($1 - last < 1.5 || $1 - last > 3) { print $1 - last } { last = $1 }')"
done
