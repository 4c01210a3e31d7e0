# shellcheck shell=bash
# prometheus.sh - a Prometheus of the test's own, with the files of
# integrations/prometheus, that scrapes the test's collectd; and what it answers. Source
# it after functions.sh.
#
# Environment:
#   PROMETHEUS_INTERVAL    seconds between scrapes, and of rules; 1 by default

PROMETHEUS_URL=
PROMETHEUS_TARGET=

requires_prometheus() {
    requires_program prometheus
    requires_program curl
    requires_program jq
    [ -e "$(collectd_folder)/write_prometheus.so" ] || skip "collectd has no write_prometheus"
    ! ldd "$(collectd_folder)/write_prometheus.so" | grep 'not found' >/dev/null ||
        skip "libraries of collectd's write_prometheus are not installed"
}

# Print what collectd.conf needs: prometheus_collectd_conf PORT
prometheus_collectd_conf() {
    sed -e "s|^  #Host .*|  Host \"127.0.0.1\"|; s|9103$|$1|" \
        "$TEST_TOP/integrations/prometheus/collectd.conf"
}

# The files of the integration as they are, but for the target and the times: a second
# is a minute here.
prometheus_configure() {
    local from=$TEST_TOP/integrations/prometheus interval=${PROMETHEUS_INTERVAL:-1}
    mkdir -p "$HOST_DIR/prometheus"
    sed -e "s|\"hv1:9103\", \"hv2:9103\"|\"$PROMETHEUS_TARGET\"|; s|: 15s|: ${interval}s|" \
        "$from/prometheus.yml" >"$HOST_DIR/prometheus/prometheus.yml"
    sed -E 's|^( *for: [0-9]+)m|\1s|; s|(\[[0-9]+)m\]|\1s]|g; s|\[20m:5m\]|[20s:5s]|; s|offset 30m|offset 30s|
        s|> 60$|> 1|; s|> 300$|> 5|' "$from/rules.yml" >"$HOST_DIR/prometheus/rules.yml"
}

# start_prometheus PORT: that of write_prometheus
start_prometheus() {
    local dir=$HOST_DIR/prometheus pid
    PROMETHEUS_TARGET=127.0.0.1:$1
    prometheus_configure
    PROMETHEUS_URL=http://127.0.0.1:$(free_tcp_port)
    host_detached prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" \
        --web.listen-address="${PROMETHEUS_URL#http://}" --log.level=warn \
        </dev/null >>"$HOST_DIR/prometheus.log" 2>&1 &
    pid=$!
    host_on_cleanup host_end_pid "$pid" 10
    host_poll 30 curl -sf -o "$HOST_DIR/prometheus/ready" "$PROMETHEUS_URL/-/ready" ||
        host_fail "Prometheus does not start: $(tail -n 5 "$HOST_DIR/prometheus.log")" || return
    # It scrapes for the first time after five seconds.
    host_poll 30 prometheus_has up || host_fail "Prometheus does not scrape"
}

# Ask Prometheus, and print what is in "data" of its answer, or fail with its reason:
#   prometheus_ask PATH [NAME=VALUE...]
prometheus_ask() {
    local path=$1 pair
    local -a options=()
    shift
    for pair; do
        options+=(--data-urlencode "$pair")
    done
    curl -sS -G "${options[@]}" "$PROMETHEUS_URL/api/v1/$path" |
        jq -c 'if .status == "success" then .data else error(.error) end' ||
        host_fail "Prometheus, $path $*"
}

# Print what an expression is now, a line for each series, "LABEL=VALUE,... VALUE" with
# the labels sorted and without the name: prometheus_value EXPRESSION
prometheus_value() {
    prometheus_ask query "query=$1" | jq -r '.result[] |
        ([.metric | del(.__name__) | to_entries | sort_by(.key)[] | "\(.key)=\(.value)"] | join(",")) +
        " " + .value[1]'
}

# True when an expression has a series now, or as many as told: prometheus_has EXPRESSION [COUNT]
prometheus_has() {
    local count
    count=$(prometheus_value "$1" | wc -l)
    if [ $# -eq 2 ]; then
        [ "$count" -eq "$2" ]
    else
        [ "$count" -gt 0 ]
    fi
}

# Print what prometheus_value does, without instance and job, and sorted; of one series
# where its LABELS are given: prometheus_lines EXPRESSION [LABELS]
prometheus_lines() {
    local labels=${2:-}
    prometheus_value "$1" | sed "s/,*instance=$PROMETHEUS_TARGET,job=virt_backing//; s/^,//" |
        awk -v labels="${labels//\\/\\\\}" 'labels == "" || index($0, labels " ") == 1' | LC_ALL=C sort
}

# Wait until prometheus_lines prints these, and say so, or fail:
#   expect_prometheus WHAT LINES EXPRESSION [LABELS]
# That there are as many is not enough to go on: collectd lets go of a series after two
# intervals, so that on a busy machine it may be gone a moment later.
expect_prometheus() {
    expect_soon "$1" "$2" prometheus_lines "${@:3}"
}

# Print the alerts that fire, as "NAME SEVERITY DOMAIN DISK VALUE", sorted.
prometheus_alerts() {
    prometheus_ask alerts | jq -r '.alerts[] | select(.state == "firing") |
        [.labels.alertname, .labels.severity, .labels.domain // "-", .labels.disk // "-",
         (.value | tonumber)] | join(" ")' | sort
}

# alert_fires NAME SEVERITY [DOMAIN DISK [VALUE]]
alert_fires() {
    prometheus_alerts | sed 's/$/ /' | grep -F -- "$* " >/dev/null
}
