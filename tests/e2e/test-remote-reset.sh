#!/bin/bash
# A remote host hangs and is switched off and on again: nobody closes the connections to
# it. The calls that were under way are given up, and it is asked anew.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
requires_program python3
export HOST_INTERVAL=1
test_start_host

host_make_image "$HOST_DIR/a.qcow2" qcow2 8M
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/a.qcow2"

# From a port to libvirtd's socket. After SIGUSR1 the connections that are open are silent,
# and stay open.
port=$(free_tcp_port)
cat >"$HOST_DIR/proxy.py" <<'END'
import select, signal, socket, sys, threading

generation = 0


def switch_off(*unused):
    global generation
    generation += 1


def pass_on(client, path, mine):
    daemon = socket.socket(socket.AF_UNIX)
    daemon.connect(path)
    while True:
        ready, _, _ = select.select([client, daemon], [], [], 0.05)
        if generation != mine:
            daemon.close()
            threading.Event().wait()
        for end in ready:
            data = end.recv(65536)
            if not data:
                client.close()
                daemon.close()
                return
            (daemon if end is client else client).sendall(data)


signal.signal(signal.SIGUSR1, switch_off)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(50)
while True:
    client, _ = listener.accept()
    threading.Thread(target=pass_on, args=(client, sys.argv[2], generation), daemon=True).start()
END
host_detached python3 "$HOST_DIR/proxy.py" "$port" "${HOST_URI#*socket=}" </dev/null >>"$HOST_DIR/proxy.log" 2>&1 &
proxy=$!
host_on_cleanup host_end_pid "$proxy" 10
export HOST_COLLECTD_URI="qemu+tcp://127.0.0.1:$port/system"
host_poll 40 host_virsh -c "$HOST_COLLECTD_URI" list >/dev/null 2>&1 || fail "the proxy does not start"

stale=vm1/virt_backing/duration-stale
host_start_collectd
host_wait_fresh $stale
wait_until 40 stuck_value $stale 0
stuck_stop_daemon
wait_until 60 log_has '3 calls to libvirt have not come back'
kill -USR1 "$proxy"
stuck_continue_daemon
wait_until 20 not stuck_value $stale 0
# libvirt asks five times whether there is somebody, five seconds apart.
wait_until 120 stuck_value $stale 0
