#!/bin/bash
# A Graphite, carbon and graphite-web, that gets what collectd sends with the snippet of
# integrations/graphite: each query of the dashboard for it has data while a commit runs,
# the variables have what is there, and what is stored is what stat and qemu-img say.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=prometheus.sh
. "$(dirname "$0")/prometheus.sh"
# shellcheck source-path=SCRIPTDIR source=graphite.sh
. "$(dirname "$0")/graphite.sh"
# shellcheck source-path=SCRIPTDIR source=grafana.sh
. "$(dirname "$0")/grafana.sh"

requires_plugin
requires_loop
requires_graphite
test_start_host

base=$HOST_DIR/base.qcow2
middle=$HOST_DIR/middle.qcow2
top=$(host_make_loop 32M)
host_make_image "$base" qcow2 64M
host_make_image "$middle" qcow2 - "$base" qcow2
host_make_image "$top" qcow2 - "$middle" qcow2
host_make_image "$HOST_DIR/other.raw" raw 8M
qemu-io -f qcow2 -c 'write 0 2M' "$base" >/dev/null
qemu-io -f qcow2 -c 'write 16M 30M' "$middle" >/dev/null
host_start_vm vm1 "vda:qcow2:block:$top"
# A '.' would be a step in the path, and a blank the end of the name.
host_start_vm 'www.example 2' "vda:raw:file:$HOST_DIR/other.raw"

mkdir "$HOST_DIR/pool"
host_virsh pool-define-as images dir --target "$HOST_DIR/pool" >/dev/null
host_virsh pool-start images >/dev/null

start_graphite
HOST_COLLECTD_EXTRA=$(graphite_collectd_conf) host_start_collectd 'StoragePool "images"'

# expect_path WHAT VALUE PATH [NAME]
expect_path() {
    expect_soon "$1" "$2" graphite_value "${@:3}"
}

# What a variable has to choose from: what its expression finds in its paths.
choices() {
    local variable
    variable=$(jq -c --arg name "$1" '.templating.list[] | select(.name == $name)' "$GRAFANA_DIR/graphite.json")
    graphite_expand "$(jq -r '.query | ltrimstr("expand(") | rtrimstr(")") | gsub("\\$domain\\b"; "vm1")' <<<"$variable")" |
        jq -rR --argjson variable "$variable" '($variable.regex | ltrimstr("/") | rtrimstr("/")) as $regex
            | match($regex).captures[0].string' | sort | xargs
}

job_is_stored() {
    [ "$(graphite_count collectd.vm1.virt_backing.vda.block_job.commit 60)" -gt 0 ]
}

expect_path "allocation of the base" "$(truth_du "$base")" collectd.vm1.virt_backing.vda.disk_allocation.layer2
expect_path "size of the device" "$(truth_device_size "$top")" collectd.vm1.virt_backing.vda.disk_physical.layer0
expect_path "an odd name" "$(truth_length "$HOST_DIR/other.raw")" \
    collectd.www_example_2.virt_backing.vda.disk_capacity.layer0
expect_path "images in the chain" 3 collectd.vm1.virt_backing.vda.count.layers
expect_path "machines" 2 collectd.hypervisor.virt_backing.count.domains
expect_path "a machine that answers" 0 collectd.vm1.virt_backing.duration.stale
expect_equal "hosts" hypervisor "$(choices host)"
expect_equal "domains" "vm1 www_example_2" "$(choices domain)"
expect_equal "disks" vda "$(choices disk)"

expect_path "promised to guests" $(($(truth_virtual_size qcow2 "$top") + $(truth_length "$HOST_DIR/other.raw"))) \
    collectd.hypervisor.virt_backing.bytes.capacity

expect_path "size of the pool" "$(df --output=size -B 1 "$HOST_DIR/pool" | tail -n 1 | tr -d ' ')" \
    collectd.hypervisor.virt_backing.pool-images.bytes.capacity

grafana_choose '*' vm1 vda
host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bandwidth 262144 --bytes >/dev/null
wait_until 40 job_is_stored
expect_dashboard graphite 60
host_virsh blockjob vm1 vda --bandwidth 1000
wait_until 40 job_ended vm1 vda

expect_path "images after the commit" 2 collectd.vm1.virt_backing.vda.count.layers
expect_path "layer1 is the base now" "$(truth_du "$base")" \
    "$(grafana_query graphite "vda: allocation, layer by layer" A)" layer1
expect_equal "images that can run out" vm1.vda.layer0 \
    "$(graphite_render "$(grafana_query graphite "Least headroom, of the capacity" A)" 60 | jq -r '.[].target')"
