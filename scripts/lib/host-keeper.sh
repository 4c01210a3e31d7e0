#!/bin/bash
# host-keeper.sh - the process that holds a private libvirt host together.
#
#   host-keeper.sh system DIR     as root: private mounts and network, then keep
#   host-keeper.sh session DIR    as any user: session daemon, keep at once
#
# Started by host_start_libvirtd (host-libvirt.sh), never by hand. It runs under
# `tini -s`, so whatever libvirtd and its QEMUs leave orphaned becomes a child
# of tini: the whole private host is one process tree. The keeper reads words
# from the pipe DIR/keeper: "start" starts libvirtd. At the end of the pipe,
# which comes when the script that made the host ends, however it ends, the
# keeper ends everything in the tree; after a script that was killed it also
# does the rest of the clean-up.
set -eu

mode=$1
dir=$2
daemon_pid=

# Lay the private folder $2 over $1. A folder that this machine does not have
# must not be made on it: then the parent is covered, with all that is in it.
cover_folder() {
    mkdir -p "$2"
    [ -d "$1" ] || cover_parent "${1%/*}" "${1##*/}"
    mount --bind "$2" "$1"
}

# Lay a folder over $1 that has the same folders in it, and $2. There may be a hundred,
# and each test does this: one mkdir and one mount see to all.
cover_parent() {
    local stage=$dir/stage entry name table=$dir/stage.fstab
    local -a names=("$2")

    mkdir -p "$stage"
    mount -t tmpfs -o mode=0755 virt_backing "$stage"
    for entry in "$1"/*/; do
        entry=${entry%/}
        if [ ! -d "$entry" ] || [ -L "$entry" ]; then
            continue
        fi
        name=${entry##*/}
        names+=("$name")
        # fstab(5): spaces are written in octal.
        printf '%s %s none rbind 0 0\n' "${entry// /\\040}" "$stage/${name// /\\040}"
    done >"$table"
    (cd "$stage" && mkdir -- "${names[@]}")
    mount --all --fstab "$table"
    mount --move "$stage" "$1"
}

# libvirt refuses to start where the user it was built to run QEMU as does not
# exist, although qemu.conf names another one; only the package of the system
# daemon creates that user. Here it exists in a private copy of the user list.
add_qemu_users() {
    cp /etc/passwd "$dir/passwd"
    cp /etc/group "$dir/group"
    local name
    for name in libvirt-qemu qemu; do
        grep -q "^$name:" "$dir/passwd" ||
            echo "$name:x:64055:64055::/nonexistent:/bin/false" >>"$dir/passwd"
        grep -q "^$name:" "$dir/group" || echo "$name:x:64055:" >>"$dir/group"
    done
    grep -q '^kvm:' "$dir/group" || echo 'kvm:x:64056:' >>"$dir/group"
    mount --bind "$dir/passwd" /etc/passwd
    mount --bind "$dir/group" /etc/group
}

# Hide what would make libvirt slow or let it reach out of its folder. Runs in
# a mount namespace of its own: nothing of this is seen outside.
enter_private_view() {
    readlink /proc/self/ns/mnt >"$dir/namespace"
    # /dev/kvm half usable makes libvirt probe QEMU again at each define and
    # create. A read-only file is not usable in any way, not even by root.
    if [ -e /dev/kvm ]; then
        : >"$dir/no-kvm"
        mount --bind "$dir/no-kvm" /dev/kvm
        mount -o remount,bind,ro /dev/kvm
    fi
    # Without cgroups and system bus there are no scopes, slices or machines
    # that could be registered with the machine's own systemd.
    umount --recursive --lazy /sys/fs/cgroup 2>/dev/null || true
    # A sysfs of this network namespace: the machine's network cards are not seen.
    mount -t sysfs virt_backing /sys
    if [ -S /run/dbus/system_bus_socket ]; then
        mount --bind /dev/null /run/dbus/system_bus_socket
    fi
    cover_folder /run/libvirt "$dir/run"
    cover_folder /var/lib/libvirt "$dir/lib"
    cover_folder /etc/libvirt "$dir/etc"
    cover_folder /var/log/libvirt "$dir/log"
    cover_folder /var/cache/libvirt "$dir/cache"
    add_qemu_users
    ip link set lo up 2>/dev/null || true
}

# Start the daemon. Its pipe end is closed: only the script that made the host
# may hold the pipe open.
start_daemon() {
    local daemon
    daemon=$(cat "$dir/daemon")
    rm -f "$dir/libvirtd.pid"
    "$daemon" --config "$dir/libvirtd.conf" --pid-file "$dir/libvirtd.pid" \
        </dev/null >>"$dir/libvirtd.err" 2>&1 3<&- &
    daemon_pid=$!
    echo "$daemon_pid" >"$dir/libvirtd.child"
}

# End every process of this host: all children of tini except this shell. What
# those leave behind becomes a child of tini in its turn. Ends by process id.
end_everything() {
    local child found=1 round=0
    if [ -n "$daemon_pid" ]; then
        kill -KILL "$daemon_pid" 2>/dev/null || true
        wait
    fi
    while [ $found -eq 1 ] && [ $round -lt 500 ]; do
        found=0
        round=$((round + 1))
        for child in $(ps -o pid= --ppid "$PPID"); do
            [ "$child" -ne $$ ] || continue
            if kill -KILL "$child" 2>/dev/null; then
                found=1
            fi
        done
        sleep 0.01
    done
}

# The script ended without a word, so it was killed: do its clean-up.
clean_up_for_the_dead() {
    # shellcheck source-path=SCRIPTDIR source=host.sh
    . "${0%/*}/host.sh"
    HOST_DIR=$dir
    host_cleanup 0
}

case $mode in
system)
    enter_private_view
    exec tini -s -- "$BASH" "$0" keep "$dir"
    ;;
session)
    exec tini -s -- "$BASH" "$0" keep "$dir"
    ;;
keep)
    exec 3<"$dir/keeper"
    word=
    while read -r word <&3; do
        case $word in
        start) start_daemon ;;
        end) break ;;
        esac
    done
    end_everything
    [ "$word" = end ] || clean_up_for_the_dead
    ;;
*)
    echo "$0: unknown mode '$mode'" >&2
    exit 2
    ;;
esac
