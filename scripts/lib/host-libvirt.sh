# shellcheck shell=bash
# host-libvirt.sh - the private libvirt daemon of host.sh.
#
# Sets HOST_URI and HOST_URI_RO (the same daemon, read-only socket) and
# HOST_MODE: system as root, session as another user. In a container where root
# may not make namespaces, the session daemon of the user nobody has to do.

HOST_URI=
HOST_URI_RO=
HOST_MODE=
# What runs a command as the user of libvirtd and QEMU; empty: the script's.
HOST_AS=()
HOST_KEEPER=
HOST_KEEPER_FD=
HOST_DAEMON_NAME=

# Can a private libvirt run here? Prints why not and returns 77.
host_require_libvirt() {
    local name
    for name in virsh qemu-img qemu-system-x86_64 tini; do
        if ! command -v "$name" >/dev/null; then
            echo "$name is not installed"
            return 77
        fi
    done
    if ! host_find_daemon >/dev/null; then
        echo "libvirtd is not installed"
        return 77
    fi
}

host_can_unshare() {
    unshare --mount --net --propagation slave true 2>/dev/null
}

# Settle who runs the daemon; $HOST_DIR becomes that user's.
host_choose_mode() {
    HOST_MODE=session
    HOST_AS=()
    [ "$(id -u)" -eq 0 ] || return 0
    if host_can_unshare; then
        HOST_MODE=system
    else
        HOST_AS=(setpriv "--reuid=$(id -u nobody)" "--regid=$(id -g nobody)" --clear-groups --)
        chown "$(id -u nobody):$(id -g nobody)" "$HOST_DIR"
    fi
}

# Print the daemon's path: libvirtd, or the QEMU-only daemon where that is all.
host_find_daemon() {
    local name dir
    for name in libvirtd virtqemud; do
        # sbin is not in every user's PATH.
        for dir in ${PATH//:/ } /usr/sbin /sbin; do
            if [ -x "$dir/$name" ]; then
                echo "$dir/$name"
                return
            fi
        done
    done
    return 1
}

# Write the configuration that keeps the daemon in its folder.
host_configure_libvirtd() {
    mkdir -p "$HOST_DIR"/{sock,etc}
    cat >"$HOST_DIR/libvirtd.conf" <<EOF
unix_sock_dir = "$HOST_DIR/sock"
unix_sock_ro_perms = "0777"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:$HOST_DIR/libvirtd.log"
EOF
    local conf=$HOST_DIR/etc/qemu.conf
    if [ "$HOST_MODE" = session ]; then
        conf=$HOST_DIR/config/libvirt/qemu.conf
        mkdir -p "${conf%/*}" "$HOST_DIR"/{runtime,cachehome,data}
        chmod 0700 "$HOST_DIR/runtime"
    fi
    # stdio_handler: QEMU writes its log by itself, no virtlogd is needed.
    cat >"$conf" <<EOF
security_driver = "none"
cgroup_controllers = []
stdio_handler = "file"
EOF
    [ "$HOST_MODE" = session ] || cat >>"$conf" <<EOF
user = "root"
group = "root"
namespaces = []
remember_owner = 0
dynamic_ownership = 0
EOF
}

# Start the private daemon and wait until it answers.
host_start_libvirtd() {
    [ -n "$HOST_KEEPER" ] || host_start_keeper || return
    rm -f "$HOST_DIR/libvirtd.child"
    echo start >&"$HOST_KEEPER_FD"
    host_poll 60 host_libvirtd_settled || true
    host_libvirtd_answers || {
        tail -n 5 "$HOST_DIR/libvirtd.err" "$HOST_DIR/libvirtd.log" >&2
        host_fail "the private libvirtd does not answer; see $HOST_DIR/libvirtd.err and .log"
    }
}

# Start the keeper (host-keeper.sh), which outlives restarts of the daemon.
host_start_keeper() {
    local -a enter=() environment=()

    if [ "$HOST_MODE" = system ]; then
        # slave: what is mounted outside later is seen inside, never the reverse.
        enter=(unshare --mount --net --propagation slave)
    else
        environment=(env "XDG_CONFIG_HOME=$HOST_DIR/config" "XDG_CACHE_HOME=$HOST_DIR/cachehome"
            "XDG_RUNTIME_DIR=$HOST_DIR/runtime" "XDG_DATA_HOME=$HOST_DIR/data")
    fi
    host_configure_libvirtd
    host_share_capabilities
    host_find_daemon >"$HOST_DIR/daemon" || host_fail "libvirtd is not installed" || return
    HOST_DAEMON_NAME=$(basename "$(cat "$HOST_DIR/daemon")")
    local socket=$HOST_DIR/sock/${HOST_DAEMON_NAME%d}
    [ "$HOST_DAEMON_NAME" = libvirtd ] || socket=$HOST_DIR/sock/$HOST_DAEMON_NAME
    HOST_URI="qemu:///$HOST_MODE?socket=$socket-sock"
    HOST_URI_RO=$HOST_URI
    [ "$HOST_MODE" = session ] || HOST_URI_RO="$HOST_URI-ro"
    export HOST_URI HOST_URI_RO

    mkfifo -m 0600 "$HOST_DIR/keeper"
    : >"$HOST_DIR/libvirtd.err"
    if [ ${#HOST_AS[@]} -gt 0 ]; then
        chown -R --reference="$HOST_DIR" "$HOST_DIR"
    fi
    # Open both ways, or this would wait for a keeper that may never come.
    exec {HOST_KEEPER_FD}<>"$HOST_DIR/keeper"
    HOST_PIPES+=("$HOST_KEEPER_FD")
    # A copy, for another user may be unable to read where this script lies.
    mkdir "$HOST_DIR/keeper.d"
    cp "$HOST_LIB"/host*.sh "$HOST_DIR/keeper.d/"
    # A session of its own: Ctrl-C ends this script first, which cleans up.
    host_detached "${environment[@]}" setsid "${enter[@]}" "${HOST_AS[@]}" "$BASH" \
        "$HOST_DIR/keeper.d/host-keeper.sh" "$HOST_MODE" "$HOST_DIR" \
        </dev/null >>"$HOST_DIR/libvirtd.err" 2>&1 &
    HOST_KEEPER=$!
}

# Let the daemon find what an earlier one has learnt about QEMU.
host_share_capabilities() {
    local known=${HOST_CACHE:-$HOST_DIR/capabilities} cache=$HOST_DIR/cache/qemu
    [ "$HOST_MODE" = system ] || cache=$HOST_DIR/cachehome/libvirt/qemu/cache
    mkdir -p "$known" "$cache"
    ln -s "$(cd "$known" && pwd)" "$cache/capabilities"
}

host_libvirtd_answers() {
    host_virsh list >/dev/null 2>&1
}

# True when it is clear whether the daemon started: it answers or has ended.
host_libvirtd_settled() {
    local pid
    host_libvirtd_answers && return
    host_pid_runs "$HOST_KEEPER" || return 0
    pid=$(cat "$HOST_DIR/libvirtd.child" 2>/dev/null) || return 1
    [ -n "$pid" ] && host_pid_ended "$pid"
}

# The process id of the private daemon.
host_libvirtd_pid() {
    cat "$HOST_DIR/libvirtd.pid" 2>/dev/null
}

# Stop the daemon; its QEMUs run on.
host_stop_libvirtd() {
    local pid
    pid=$(host_libvirtd_pid) || return 0
    host_end_pid "$pid" 10
}

# Kill the daemon as a crash would; its QEMUs run on.
host_kill_libvirtd() {
    local pid
    pid=$(host_libvirtd_pid) || return 0
    kill -KILL "$pid"
    host_poll 5 host_pid_ended "$pid"
}

# Stop and start the daemon; its QEMUs run on and are found again.
host_restart_libvirtd() {
    host_stop_libvirtd
    host_start_libvirtd
}

# virsh, connected to the private daemon.
host_virsh() {
    virsh --quiet --connect "$HOST_URI" "$@"
}

# Run COMMAND with the private daemon's view of the file system.
host_run_inside() {
    if [ "$HOST_MODE" = system ]; then
        nsenter --target "$HOST_KEEPER" --mount --net -- "$@"
    else
        "$@"
    fi
}

# End the daemon, every QEMU and the namespace.
host_end_libvirt() {
    local file
    [ -n "$HOST_KEEPER" ] || return 0
    echo end >&"$HOST_KEEPER_FD"
    exec {HOST_KEEPER_FD}>&-
    host_poll 10 host_pid_ended "$HOST_KEEPER" ||
        host_fail "the private host (process $HOST_KEEPER) does not end"
    host_kill_leftovers
    HOST_KEEPER=
}

# Kill what a keeper that was itself killed has left behind.
host_kill_leftovers() {
    local file pid view
    for file in "$HOST_DIR"/{libvirtd.pid,runtime/libvirt/qemu/run/*.pid}; do
        [ ! -f "$file" ] || host_end_pid "$(cat "$file")" 0
    done
    [ -f "$HOST_DIR/namespace" ] || return 0
    # "mnt:[4026532250]": to find, brackets are a pattern. The number may be another
    # host's by now: in ours parts of this folder are mounted.
    view=$(cat "$HOST_DIR/namespace")
    while IFS=/ read -r _ _ pid _; do
        ! grep -qF -- "/${HOST_DIR##*/}/" "/proc/$pid/mountinfo" 2>/dev/null || host_end_pid "$pid" 0
    done < <(find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/mnt' \
        -lname "${view//[\[\]]/?}" 2>/dev/null)
}
