# shellcheck shell=bash
# graphite.sh - a Graphite of the test's own, carbon-cache and graphite-web, that gets what
# the test's collectd sends; and what it answers. Source it after functions.sh.

GRAPHITE_URL=
GRAPHITE_PORT=

requires_graphite() {
    requires_program carbon-cache
    requires_program graphite-manage
    requires_program curl
    requires_program jq
}

# What collectd.conf needs, after start_graphite.
graphite_collectd_conf() {
    sed -e "s|graphite.example.org|127.0.0.1|; s|2003|$GRAPHITE_PORT|" \
        "$TEST_TOP/integrations/graphite/collectd.conf"
}

# carbon with the schema of the integration, but for a sample each second.
graphite_configure_carbon() {
    local dir=$1
    mkdir -p "$dir/whisper" "$dir/log"
    sed 's|10s:1d|1s:10m|' "$TEST_TOP/integrations/graphite/storage-schemas.conf" >"$dir/storage-schemas.conf"
    cat >"$dir/carbon.conf" <<END
[cache]
STORAGE_DIR = $dir
LOCAL_DATA_DIR = $dir/whisper
CONF_DIR = $dir
LOG_DIR = $dir/log
PID_DIR = $dir
USER =
ENABLE_TAGS = False
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = 5000
WHISPER_AUTOFLUSH = True
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = $GRAPHITE_PORT
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = 0
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = $(free_tcp_port)
END
}

# graphite-web without carbon's cache: what it says has been written.
graphite_configure_web() {
    local dir=$1
    cat >"$dir/test_settings.py" <<END
SECRET_KEY = 'of this test'
ALLOWED_HOSTS = ['127.0.0.1']
STORAGE_DIR = CONF_DIR = '$dir'
WHISPER_DIR = '$dir/whisper'
STANDARD_DIRS = ['$dir/whisper']
LOG_DIR = '$dir/log'
INDEX_FILE = '$dir/index'
CARBONLINK_HOSTS = []
FIND_CACHE_DURATION = 0
DEFAULT_CACHE_DURATION = 0
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': '$dir/web.db'}}
END
}

# graphite_run COMMAND...: in the background, to be ended at clean-up
graphite_run() {
    host_detached "$@" </dev/null >>"$HOST_DIR/graphite.log" 2>&1 &
    host_on_cleanup host_end_pid $! 10
}

start_graphite() {
    local dir=$HOST_DIR/graphite web
    local -a environment
    GRAPHITE_PORT=$(free_tcp_port)
    web=$(free_tcp_port)
    GRAPHITE_URL=http://127.0.0.1:$web
    mkdir -p "$dir"
    graphite_configure_carbon "$dir"
    graphite_configure_web "$dir"
    graphite_run carbon-cache "--config=$dir/carbon.conf" --nodaemon start
    environment=("PYTHONPATH=$dir" GRAPHITE_SETTINGS_MODULE=test_settings)
    env "${environment[@]}" graphite-manage migrate --run-syncdb >>"$HOST_DIR/graphite.log" 2>&1 ||
        host_fail "graphite-manage: $(tail -n 5 "$HOST_DIR/graphite.log")" || return
    # The folder is there to be known by.
    graphite_run env "${environment[@]}" graphite-manage runserver --noreload "--pythonpath=$dir/" "127.0.0.1:$web"
    host_poll 30 curl -sf -o "$dir/ready" "$GRAPHITE_URL/metrics/find?query=*" ||
        host_fail "graphite-web does not start: $(tail -n 5 "$HOST_DIR/graphite.log")" || return
    host_poll 30 graphite_listens || host_fail "carbon does not start: $(tail -n 5 "$HOST_DIR/graphite.log")"
}

graphite_listens() {
    ss -Hltn "sport = :$GRAPHITE_PORT" | grep . >/dev/null
}

# Print what a target gives, as graphite-web's JSON: graphite_render TARGET SECONDS
graphite_render() {
    curl -sS -G --data-urlencode "target=$1" "$GRAPHITE_URL/render?format=json&from=-$2s"
}

# The newest value of a target's series, or of that of a name: graphite_value TARGET [NAME]
graphite_value() {
    graphite_render "$1" 60 | jq -r --arg name "${2:-}" '.[] | select($name == "" or .target == $name)
        | [.datapoints[] | select(.[0] != null)] | last | .[0]' | sed 's/\.0$//'
}

# Print how many series with values a target gives: graphite_count TARGET SECONDS
graphite_count() {
    graphite_render "$1" "$2" | jq '[.[] | select(any(.datapoints[]; .[0] != null))] | length'
}

# The paths that a pattern fits, one a line.
graphite_expand() {
    curl -sS -G --data-urlencode "query=$1" "$GRAPHITE_URL/metrics/expand" | jq -r '.results[]'
}
