#!/bin/bash
# In a steady state a cycle does no more to images than look at each file once and
# ask each file system once for its free space: no image is opened or read, on
# files or devices, of VMs that run or are off, however the layers lie. Reading
# them, when it is due, is for reading alone, without locks, a few pieces, and in
# another thread than the one that asks libvirt.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
requires_program strace
export HOST_INTERVAL=0.3
test_start_host

images=$HOST_DIR/images
mkdir "$images"
base=$(host_make_loop 16M)
top=$(host_make_loop 16M)
host_make_image "$base" qcow2 32M
qemu-io -f qcow2 -c 'write 0 2M' "$base" >/dev/null
host_make_image "$images/middle.qcow2" qcow2 - "$base" qcow2
host_make_image "$top" qcow2 - "$images/middle.qcow2" qcow2
host_make_image "$images/base.raw" raw 8M
host_make_image "$images/large.qcow2" qcow2 2T "$images/base.raw" raw
qemu-io -f qcow2 -c 'write 1T 2M' "$images/large.qcow2" >/dev/null
host_make_image "$images/off-base.qcow2" qcow2 8M
host_make_image "$images/off.qcow2" qcow2 - "$images/off-base.qcow2" qcow2
host_start_vm vm1 "vda:qcow2:block:$top" "vdb:qcow2:file:$images/large.qcow2"
host_define_vm vm2 "vda:qcow2:file:$images/off.qcow2"

trace=$HOST_DIR/trace
# Nor can the leak checker trace what is traced already: it would wait for that for ever.
export HOST_COLLECTD_ENV=LSAN_OPTIONS=detect_leaks=0
export HOST_COLLECTD_WRAPPER="strace -D -f -y --seccomp-bpf -qq -e trace=%file,%desc -e signal=none -o $trace"
host_start_collectd 'InactiveDomains true'
# All have been read.
for series in vm1/virt_backing-vd{a/disk_allocation-layer{0,2},b/disk_headroom-layer0} vm2/virt_backing-vda/count-layers; do
    host_wait_fresh "$series"
done
host_wait_cycle

# Calls of a trace that have to do with images, a line each: THREAD CALL(ARGUMENTS...
image_calls() {
    grep -E "$images/|$base\\>|$top\\>" "${1:-$trace}" | grep -v resumed || true
}

# Counts what is in the trace at one moment, and the cycles in which it is: a csv file is
# opened for each sample.
count_calls() {
    cp "$trace" "$HOST_DIR/copy"
    opened=$(calls 'open|openat')
    read_calls=$(calls 'read|pread64|readv|lseek|mmap|ioctl|fcntl')
    looks=$(calls 'newfstatat|stat|stat64|statx')
    asks=$(calls 'statfs')
    cycles=$(grep -cE '^[0-9]+ +openat\(.*/hypervisor/virt_backing/count-domains-' "$HOST_DIR/copy" || true)
}

calls() {
    image_calls "$HOST_DIR/copy" | grep -cE "^[0-9]+ +($1)\\(" || true
}

# --- the steady state ---

count_calls
before=("$opened" "$read_calls" "$looks" "$asks" "$cycles")
expect_success "images were opened before: $opened" [ "$opened" -gt 0 ]
for _ in 1 2 3 4 5; do
    host_wait_cycle
done
count_calls
passed=$((cycles - before[4]))
looks=$((looks - before[2]))
asks=$((asks - before[3]))
expect_success "cycles: $passed" [ "$passed" -ge 5 ]
expect_equal "images opened in a steady state" "${before[0]}" "$opened"
expect_equal "reads of images in a steady state" "${before[1]}" "$read_calls"
# Three layers of the running VM are files, on one file system.
expect_success "looks: $looks in $passed cycles" \
    [ "$looks" -ge $((3 * (passed - 1))) -a "$looks" -le $((3 * (passed + 1))) ]
expect_success "questions for free space: $asks in $passed cycles" [ "$asks" -le $((passed + 1)) ]

# A write by QEMU changes nothing in that.
host_write vm1 vda 8M 1M
host_write vm1 vdb 8M 1M
host_wait_cycle
count_calls
expect_equal "images opened after a write" "${before[0]}" "$opened"

# --- how they were read ---

expect_quiet_log
porters=$(grep -lx vb-images "/proc/$HOST_COLLECTD_PID/task"/*/comm | cut -d/ -f5 | sort)
host_stop_collectd
# First no more than the name, to see what it is.
expect_equal "ways to open them" "O_RDONLY|O_CLOEXEC|O_PATH O_RDONLY|O_NOCTTY|O_CLOEXEC" \
    "$(image_calls | sed -nE 's/^[0-9]+ +openat\(.*, (O_[A-Z_|]+).*/\1/p' | LC_ALL=C sort -u | xargs)"
expect_equal "locks on them" "" "$(image_calls | grep -E '^[0-9]+ +(fcntl|flock|ioctl)\(' || true)"
expect_equal "writes to them" "" "$(image_calls | grep -E '^[0-9]+ +p?write' || true)"
# The number of a device in /dev is asked for by who needs it: there nothing hangs.
expect_equal "other threads that look at them or read them" "" \
    "$(image_calls | grep -vE '^[0-9]+ +(newfstatat|stat|stat64|statx)\(.*"/dev/' | sed -nE 's/^([0-9]+) +[a-z0-9]+\(.*/\1/p' | sort -u | comm -23 - <(echo "$porters"))"
most=$(image_calls | sed -nE 's/^[0-9]+ +pread64\([0-9]+<([^>]*)>.*/\1/p' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }')
expect_success "reads of one image: $most at the most" [ "$most" -le 10 ]
bytes=$(image_calls | awk '/ pread64\(/ { sum += $NF } END { print sum + 0 }')
expect_success "bytes read in all: $bytes" [ "$bytes" -le $((5 * 256 * 1024)) ]
