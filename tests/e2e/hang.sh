# shellcheck shell=bash
# hang.sh - VMs, daemons and storage that stop to answer and go on. What was
# stopped goes on at clean-up, so that it can end.

# The plugin's own Timeout.
export HOST_TIMEOUT=
# shellcheck disable=SC2034 # for the tests
self=hypervisor/virt_backing

# stuck_start_vms FOLDER VM...: each with one image there
stuck_start_vms() {
    local folder=$1 vm
    shift
    for vm; do
        host_make_image "$folder/$vm.qcow2" qcow2 8M
        host_start_vm "$vm" "vda:qcow2:file:$folder/$vm.qcow2"
    done
}

# stuck_signal SIGNAL VM...
stuck_signal() {
    local signal=$1 vm
    shift
    for vm; do
        kill "-$signal" "$(host_qemu_pid "$vm")"
    done
}

# stuck_release PID: it may have ended since
stuck_release() {
    kill -CONT "$1" 2>/dev/null || true
}

stuck_stop() {
    local vm
    for vm; do
        host_on_cleanup stuck_release "$(host_qemu_pid "$vm")"
    done
    stuck_signal STOP "$@"
}

stuck_continue() {
    stuck_signal CONT "$@"
}

# stuck_stop_daemon / stuck_continue_daemon: libvirtd itself
stuck_stop_daemon() {
    host_on_cleanup stuck_release "$(host_libvirtd_pid)"
    kill -STOP "$(host_libvirtd_pid)"
}

stuck_continue_daemon() {
    kill -CONT "$(host_libvirtd_pid)"
}

# stuck_value SERIES VALUE: its newest one is that
stuck_value() {
    [ "$(host_value "$1")" = "$2" ]
}

# expect_seconds WHAT LOW HIGH SECONDS
expect_seconds() {
    if awk "BEGIN { exit !($4 >= $2 && $4 <= $3) }"; then
        echo "ok: $1: $2 <= $4 <= $3"
    else
        fail "$1: expected $2 to $3, found '$4'"
    fi
}

# expect_gap WHAT CYCLES SERIES: never more cycles in a row without a sample of it, from
# its first one up to now
expect_gap() {
    local gap
    gap=$(sed -s '1d; s/,.*//' "$HOST_DIR/csv/$3"-[0-9]* | awk '
        NR == FNR { if (!first) first = $1; seen[$1] = 1; next }
        $1 >= first { row = $1 in seen ? 0 : row + 1; if (row > gap) gap = row }
        END { print gap + 0 }' - <(sed -s '1d; s/,.*//' "$HOST_DIR/csv/$self/count-domains"-[0-9]*))
    expect_success "$1: $gap cycles of at most $2" [ "$gap" -le "$2" ]
}
