# shellcheck shell=bash
# host.sh - a private hypervisor host in a temporary folder, for one test or
# one demo run: libvirtd, QEMU, images, loop devices, NBD servers, collectd.
#
# Source this file; it brings the others (host-libvirt.sh, host-vm.sh,
# host-guest.sh, host-storage.sh, host-collectd.sh, host-several.sh). Then:
#
#   host_create                  makes $HOST_DIR; all goes away when the shell ends
#   host_start_libvirtd
#   host_make_image "$HOST_DIR/a.qcow2" qcow2 64M
#   host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/a.qcow2"
#   host_start_collectd
#   host_wait_cycle
#   host_value vm1/virt_backing-vda/disk_allocation-layer0
#
# As root the daemon lives in a mount and network namespace with folders of its
# own over libvirt's; as another user it is a session daemon with folders of its
# own. The machine's own libvirtd, QEMUs and collectd are never touched.
#
# Environment:
#   KEEP=1                   leave $HOST_DIR behind and say where it is
#   HOST_CACHE               folder for libvirt's knowledge of QEMU; given to
#                            several hosts, only the first has to probe QEMU
#   HOST_PLUGIN_DIR          folder of virt_backing.so
#   HOST_COLLECTD_USER, HOST_COLLECTD_WRAPPER, HOST_COLLECTD_ENV,
#   HOST_COLLECTD_URI, HOST_COLLECTD_EXTRA    see host-collectd.sh

# A function that can't do its work says why and returns 1; under `set -e` the
# script ends. What this machine lacks is told by the host_require_* functions:
# they print the reason and return 77.

HOST_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HOST_DIR=
# Our ends of the pipes to the keepers of all hosts (host-keeper.sh).
HOST_PIPES=()

# Say something went wrong; for `host_fail TEXT || return`.
host_fail() {
    echo "host: $*" >&2
    return 1
}

# The time in milliseconds, the unit of collectd's csv files.
host_now() {
    local now=${EPOCHREALTIME/[.,]/}
    echo "${now%???}"
}

# Try COMMAND until it succeeds, at most SECONDS: host_poll SECONDS COMMAND...
# Most of a test's time is spent here: it leaves the processor to others.
host_poll() {
    local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@"; do
        [ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# Make $HOST_DIR and see to it that everything ends with this shell.
host_create() {
    host_make_folder
    trap 'host_cleanup' EXIT
    # Under these the EXIT trap does not run by itself.
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

host_make_folder() {
    local base=${TMPDIR:-/tmp}
    # A socket's path holds 107 characters, of which libvirt needs some 60.
    [ ${#base} -le 30 ] || base=/tmp
    HOST_DIR=$(mktemp -d "$base/vb-XXXXXX")
    # Other users must reach the sockets, whatever this shell's umask is.
    chmod 0755 "$HOST_DIR"
    host_choose_mode
    : >"$HOST_DIR/cleanup"
}

# Have COMMAND run at clean-up, the last one registered first. A file holds the
# list, for functions that print a result run in a subshell.
host_on_cleanup() {
    printf '%q ' "$@" >>"$HOST_DIR/cleanup"
    echo >>"$HOST_DIR/cleanup"
}

# For `host_detached COMMAND &`: run COMMAND without this shell's ends of the
# keepers' pipes, which tell the keepers that this shell lives.
host_detached() {
    local pipe
    for pipe in "${HOST_PIPES[@]}"; do
        exec {pipe}>&-
    done
    exec "$@"
}

# True while process PID runs (a zombie does not).
host_pid_runs() {
    local state
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || return 1
    [ -n "$state" ] && [ "$state" != Z ]
}

host_pid_ended() {
    ! host_pid_runs "$1"
}

# End process PID, kindly for SECONDS (default 3), then by force.
# Without effect where the id has passed on to a process that is not ours.
host_end_pid() {
    local pid=$1
    host_pid_is_ours "$pid" || return 0
    kill -TERM "$pid" 2>/dev/null || return 0
    if ! host_poll "${2:-3}" host_pid_ended "$pid"; then
        kill -KILL "$pid" 2>/dev/null || true
        host_poll 5 host_pid_ended "$pid" || host_fail "process $pid does not end"
    fi
}

# Everything that a host starts lives in its mount namespace or has its folder
# in its arguments.
host_pid_is_ours() {
    local view
    [ -n "$HOST_DIR" ] && [ -d "/proc/$1" ] || return 1
    view=$(readlink "/proc/$1/ns/mnt" 2>/dev/null) || return 1
    if [ -f "$HOST_DIR/namespace" ] && [ "$view" = "$(cat "$HOST_DIR/namespace")" ]; then
        return 0
    fi
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -F -- "$HOST_DIR/" >/dev/null
}

# End all that host_* functions started, and remove $HOST_DIR. Runs at the end
# of the script by itself; goes on whatever fails, and ends the script with
# STATUS, by default that of the last command: host_cleanup [STATUS]
host_cleanup() {
    local status=${1:-$?}
    trap - EXIT
    trap '' HUP INT TERM
    set +e
    # A machine may have gone to another host with the images of this one.
    host_each host_stop_collectd
    host_each host_end_libvirt
    host_each host_end
    exit "$status"
}

host_end() {
    local line
    [ -n "$HOST_DIR" ] || return 0
    while read -r line; do
        eval "$line"
    done < <(tac "$HOST_DIR/cleanup" 2>/dev/null)
    # Also when somebody has removed the folder and the list in it.
    host_detach_loops
    if [ "${KEEP:-0}" = 1 ]; then
        echo "host: kept $HOST_DIR" >&2
    else
        rm -rf --one-file-system -- "$HOST_DIR"
    fi
}

# shellcheck source-path=SCRIPTDIR source=host-libvirt.sh
. "$HOST_LIB/host-libvirt.sh"
# shellcheck source-path=SCRIPTDIR source=host-storage.sh
. "$HOST_LIB/host-storage.sh"
# shellcheck source-path=SCRIPTDIR source=host-vm.sh
. "$HOST_LIB/host-vm.sh"
# shellcheck source-path=SCRIPTDIR source=host-guest.sh
. "$HOST_LIB/host-guest.sh"
# shellcheck source-path=SCRIPTDIR source=host-collectd.sh
. "$HOST_LIB/host-collectd.sh"
# shellcheck source-path=SCRIPTDIR source=host-several.sh
. "$HOST_LIB/host-several.sh"
