# shellcheck shell=bash
# host-several.sh - several private hosts in one script, each with its libvirtd, its
# machines and its collectd:
#
#   host_create                  the first; or test_start_host
#   host_add                     one more, which all host_* functions are about from now on
#   host_switch "$dir"           back to the one whose $HOST_DIR that is
#   host_each COMMAND...         run for each of them
#
# All of them go away when the shell ends.

# What host.sh and its companions know of a host, and no more.
HOST_STATE=(HOST_DIR HOST_MODE HOST_AS HOST_URI HOST_URI_RO HOST_KEEPER HOST_KEEPER_FD
    HOST_DAEMON_NAME HOST_COLLECTD_PID HOST_COLLECTD_STATUS HOST_COLLECTD_LOG_START
    HOST_CYCLE HOST_NAME)
# Those of the hosts that are not being used now, by folder.
declare -A HOST_OTHERS=()

# Put the host that is used now aside.
host_put_aside() {
    # declare -p says how to make variables, but in a function it makes local ones.
    HOST_OTHERS[$HOST_DIR]=$(declare -p "${HOST_STATE[@]}" | sed 's/^declare /declare -g /')
}

host_switch() {
    [ "$1" != "$HOST_DIR" ] || return 0
    [ -n "${HOST_OTHERS[$1]:-}" ] || host_fail "no host in $1" || return
    host_put_aside
    eval "${HOST_OTHERS[$1]}"
    unset "HOST_OTHERS[$1]"
}

# Make one more host: host_add [NAME]; the name is what its collectd calls it, by
# default "hypervisor".
# A host whose libvirtd is never started wants host_start_keeper, which ends all of it also
# when the script is killed.
# shellcheck disable=SC2034 # all these are those of the other files
host_add() {
    host_put_aside
    HOST_AS=() HOST_URI='' HOST_URI_RO='' HOST_KEEPER='' HOST_KEEPER_FD='' HOST_DAEMON_NAME=''
    HOST_COLLECTD_PID='' HOST_COLLECTD_STATUS=0 HOST_COLLECTD_LOG_START=1 HOST_CYCLE=0
    HOST_NAME=${1:-hypervisor}
    host_make_folder
}

# Goes on whatever fails, and ends with the host in use that it began with.
host_each() {
    local dir now=$HOST_DIR
    "$@"
    for dir in "${!HOST_OTHERS[@]}"; do
        host_switch "$dir"
        "$@"
    done
    host_switch "$now"
}
