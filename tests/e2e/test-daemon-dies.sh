#!/bin/bash
# A libvirtd that dies at any moment, between statistics and XML too, costs no
# machine its series: all are there again when it is back, and the log has
# nothing but the changes of the connection.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.2

requires_plugin
test_start_host

for name in vm1 vm2 vm3; do
    host_make_image "$HOST_DIR/$name.qcow2" qcow2 16M
    host_start_vm $name "vda:qcow2:file:$HOST_DIR/$name.qcow2"
done
host_start_collectd 'RefreshInterval 1'
host_wait_cycle

all_are_there() {
    [ "$(host_value hypervisor/virt_backing/count-domains)" = 3 ]
}

for round in 1 2 3 4 5 6; do
    # At another point of the cycle each time.
    sleep "0.0$round"
    host_kill_libvirtd
    host_start_libvirtd
    host_wait_cycle
    wait_until 40 all_are_there
done

expect_log 0 'is not reported'
lines=$(host_collectd_log | grep virt_backing: |
    grep -vE '(no connection to|connection to .* broke|connected to)') || true
expect_equal "other lines of the plugin" "" "$lines"
expect_equal "lines for a connection made, and lines for one lost" \
    "$(log_count 'connected to')" "$(($(log_count '(no connection to|connection to .* broke)') + 1))"
