# shellcheck shell=bash
# host-storage.sh - images, loop devices and NBD servers of host.sh.

# Make an image, on a file or a block device:
#   host_make_image PATH raw SIZE
#   host_make_image PATH qcow2 SIZE|- [BACKING-PATH BACKING-FORMAT]
# With a backing image the size may be "-": that of the backing image.
host_make_image() {
    local path=$1 format=$2 size=$3
    local -a options=()

    if [ $# -ge 5 ]; then
        options=(-b "$4" -F "$5")
    fi
    if [ "$format" = raw ] && [ -b "$path" ]; then
        # Nothing to make on a device, but it must be large enough.
        host_fail "a raw image on $path is the device itself" || return
    fi
    [ "$size" != - ] || size=
    "${HOST_AS[@]}" qemu-img create -q -f "$format" "${options[@]}" "$path" ${size:+"$size"}
}

# Can loop devices be made here? Prints why not and returns 77.
host_require_loop() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "loop devices need root"
        return 77
    fi
    if ! host_can_unshare; then
        echo "QEMU does not run as root in this container and can't open loop devices"
        return 77
    fi
    if ! command -v losetup >/dev/null; then
        echo "losetup is not installed"
        return 77
    fi
    if ! losetup --find >/dev/null 2>&1; then
        echo "no loop device can be had here"
        return 77
    fi
}

# Make a file system in memory, by default as large as the kernel likes, and mount it
# on $HOST_DIR/NAME until clean-up: host_make_tmpfs NAME [SIZE]. libvirtd sees what was
# mounted before it was started.
host_make_tmpfs() {
    mkdir "$HOST_DIR/$1"
    mount -t tmpfs ${2:+-o "size=$2"} vb-test "$HOST_DIR/$1"
    host_on_cleanup umount --lazy "$HOST_DIR/$1"
}

# Make a block device of SIZE (as truncate(1) writes it) and print its name.
# It is backed by a sparse file in $HOST_DIR and detached at clean-up.
host_make_loop() {
    local file device try
    file=$(mktemp "$HOST_DIR/loop-XXXXXX")
    truncate -s "$1" "$file"
    # Another test may take the free device first: then try the next one.
    for try in 1 2 3 4 5 6 7 8 9 10; do
        device=$(losetup --find) || break
        if [ ! -b "$device" ]; then
            # Static /dev of a container: the kernel has it, the folder has not.
            mknod "$device" b 7 "${device#/dev/loop}" 2>/dev/null || true
            host_on_cleanup rm -f "$device"
        fi
        if losetup "$device" "$file" 2>/dev/null; then
            host_on_cleanup host_detach_loops
            echo "$device"
            return
        fi
        sleep "0.0$try"
    done
    host_fail "no loop device for $file"
}

# Print the file behind a block device of host_make_loop.
host_loop_file() {
    losetup --noheadings --output BACK-FILE "$1"
}

# Enlarge such a device, as lvextend does: host_grow_loop DEVICE SIZE
host_grow_loop() {
    truncate -s "$2" "$(host_loop_file "$1")"
    losetup --set-capacity "$1"
}

# Have reads of it fail: they do behind the end of its file.
host_break_loop() {
    truncate -s 0 "$(host_loop_file "$1")"
    blockdev --flushbufs "$1"
}

# Detach every loop device whose file lies in $HOST_DIR.
host_detach_loops() {
    local file number
    for file in /sys/block/loop*/loop/backing_file; do
        [[ "$(cat "$file" 2>/dev/null)" == "$HOST_DIR/"* ]] || continue
        number=${file#/sys/block/loop}
        number=${number%%/*}
        losetup --detach "/dev/loop$number"
        # The detaching is put off for as long as anyone has the device open.
        host_poll 5 test ! -e "$file" || host_fail "/dev/loop$number stays in use"
    done
}

# Serve IMAGE by NBD on a private Unix socket:
#   host_start_nbd IMAGE FORMAT [BYTES-A-SECOND]
# FORMAT is that of the server's view: "raw" hands the bytes through, so that
# a qcow2 image stays qcow2 for the client. Prints the path of the socket.
host_start_nbd() {
    local image=$1 format=$2 socket pid
    local -a source=("--format=$format" "$image")
    if [ $# -ge 3 ]; then
        source=(--object "throttle-group,id=slow,x-bps-total=$3" --image-opts
            "driver=throttle,throttle-group=slow,file.driver=$format,file.file.filename=${image//,/,,}")
    fi
    socket=$(mktemp -u "$HOST_DIR/nbd-XXXXXX")
    host_detached "${HOST_AS[@]}" qemu-nbd --persistent --shared=8 --socket="$socket" \
        --pid-file="$socket.pid" "${source[@]}" \
        </dev/null >>"$HOST_DIR/nbd.err" 2>&1 &
    pid=$!
    host_on_cleanup host_end_pid "$pid"
    # The socket is there before anybody listens.
    host_poll 40 test -s "$socket.pid" || host_fail "qemu-nbd: $(tail -n 3 "$HOST_DIR/nbd.err")" || return
    echo "$socket"
}
