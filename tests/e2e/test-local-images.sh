#!/bin/bash
# LocalImages: the length of a qcow2 file comes from a look at the file. Without
# looking it is not reported; a raw file is as long as its disk anyhow.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.3

requires_plugin
test_start_host

base=$HOST_DIR/base.raw
top=$HOST_DIR/top.qcow2
host_make_image "$base" raw 4M
qemu-io -f raw -c 'write 0 1M' "$base" >/dev/null
host_make_image "$top" qcow2 6M "$base" raw
host_start_vm vm1 "vda:qcow2:file:$top"

# expect_physical LENGTH OPTION-LINE...: physical of the qcow2 file, or "-"
expect_physical() {
    local length=$1
    shift
    host_stop_collectd
    rm -rf "$HOST_DIR/csv"
    host_start_collectd "$@"
    host_wait_cycle
    expect_layer "qcow2, ${*:-default}" vm1/virt_backing-vda layer0 6291456 "$(truth_du "$top")" "$length"
    expect_layer "raw, ${*:-default}" vm1/virt_backing-vda layer1 \
        "$(truth_length "$base")" "$(truth_du "$base")" "$(truth_length "$base")"
    expect_quiet_log
}

expect_physical "$(truth_length "$top")"
expect_physical "$(truth_length "$top")" 'LocalImages auto'
expect_physical "$(truth_length "$top")" 'LocalImages true'
expect_physical - 'LocalImages false'
