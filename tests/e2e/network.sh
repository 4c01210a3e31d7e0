# shellcheck shell=bash
# network.sh - for tests of several hosts: collectds that send to another one with the
# configuration of integrations/network. Source it after functions.sh.

requires_network() {
    requires_program ss
    [ -e "$(collectd_folder)/network.so" ] || skip "collectd has no network plugin"
}

# Print the sender's example, with a port, a level and a password:
#   sender_conf PORT [LEVEL [PASSWORD]]
sender_conf() {
    sed -e "s/\"collectd.example.net\" \"25826\"/\"127.0.0.1\" \"$1\"/" \
        -e "s/SecurityLevel Encrypt/SecurityLevel ${2:-Encrypt}/" \
        -e "s/Password \"change-me\"/Password \"${3:-change-me}\"/" \
        "$TEST_TOP/integrations/network/sender.conf"
}

# Print the receiver's example, or it without virt_backing.db:
#   receiver_conf PORT [LEVEL [stock]]
receiver_conf() {
    sed -e "s/\"::\" \"25826\"/\"127.0.0.1\" \"$1\"/" \
        -e "s/SecurityLevel Encrypt/SecurityLevel ${2:-Encrypt}/" \
        -e "s|/etc/collectd/network.passwd|$HOST_DIR/network.passwd|" \
        -e "${3:+s/ [^ ]*virt_backing.db\"$//}" \
        -e "s|/usr/share/collectd/types.db|$(collectd_types)|" \
        -e "s|/etc/collectd/virt_backing.db|$TEST_TOP/types.db.d/virt_backing.db|" \
        "$TEST_TOP/integrations/network/receiver.conf"
}

# Make a host that only receives: start_receiver PORT [LEVEL [stock]]
# HOST_COLLECTD_EXTRA is added to its configuration.
start_receiver() {
    host_add receiver
    # Ends its collectd also when this script is killed.
    host_start_keeper
    echo "hv1: change-me" >"$HOST_DIR/network.passwd"
    HOST_PLUGIN_DIR='' HOST_COLLECTD_EXTRA="$(receiver_conf "$@")
${HOST_COLLECTD_EXTRA:-}" host_start_collectd
}

# Print what collectd needs to be scraped: prometheus_conf PORT
prometheus_conf() {
    cat <<END
LoadPlugin write_prometheus
<Plugin write_prometheus>
  Host "127.0.0.1"
  Port "$1"
</Plugin>
END
}

# Print the values of an allocation that a collectd has for Prometheus:
#   scraped_allocation PORT HOST DISK LAYER
scraped_allocation() {
    curl -sS "http://127.0.0.1:$1/metrics" |
        sed -n "s/^collectd_virt_backing_disk_allocation{virt_backing=\"$3\",type=\"$4\",instance=\"$2\"} \([^ ]*\) .*/\1/p"
}

# Print what hosts have written of this plugin's values, as "SERIES TIME VALUE":
#   all_samples DIR...
all_samples() {
    local dir file
    for dir in "$@"; do
        find "$dir/csv" -path '*/virt_backing*/*' -type f -printf '%P\n' | while IFS= read -r file; do
            sed "1d; s|^|${file%-????-??-??} |; s/,/ /" "$dir/csv/$file"
        done
    done | LC_ALL=C sort
}

# Print the difference, as diff does, between what the senders in DIR... have written and
# what this host has: samples_differ DIR...
samples_differ() {
    diff <(all_samples "$@") <(all_samples "$HOST_DIR") || true
}

same_samples() {
    [ -z "$(samples_differ "$@")" ]
}
