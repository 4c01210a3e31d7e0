# shellcheck shell=bash
# grafana.sh - the queries of the dashboards of integrations/grafana, with variables put
# in as Grafana does it. Source it after prometheus.sh, and after graphite.sh, which is then
# asked where no Prometheus was started.

GRAFANA_DIR=$TEST_TOP/integrations/grafana

# What the variables are, as jq arguments: grafana_choose HOST DOMAIN DISK
grafana_choose() {
    GRAFANA_CHOICE=(--arg host "$1" --arg domain "$2" --arg disk "$3")
}

# Print the queries of a dashboard's panels and annotations, a JSON object a line: title,
# refId, kind ("now" or "range"), expr: grafana_queries DASHBOARD
grafana_queries() {
    jq -c "${GRAFANA_CHOICE[@]}" '
        def chosen: reduce (["host", $host], ["domain", $domain], ["disk", $disk]) as $one
            (.; gsub("\\$" + $one[0] + "\\b"; $one[1]));
        (.panels[] | select(.targets) | .title as $title | .targets[]
            | {title: $title, refId, kind: (if .instant then "now" else "range" end), expr: (.expr // .target)}),
        (.annotations.list[] | {title: ("annotation " + .name), refId: "-", kind: "range", expr})
        | .expr |= chosen | .title |= chosen' "$GRAFANA_DIR/$1.json"
}

# Print the query of a panel: grafana_query DASHBOARD TITLE REFID
grafana_query() {
    grafana_queries "$1" | jq -r --arg title "$2" --arg ref "$3" \
        'select(.title == $title and .refId == $ref) | .expr'
}

# Run a query as its panel does, over the seconds that are past for a graph, and print how
# many series it gives: grafana_count KIND EXPRESSION SECONDS
grafana_count() {
    local now
    if [ -z "$PROMETHEUS_URL" ]; then
        graphite_count "$2" "$3"
        return
    fi
    now=$(date +%s)
    if [ "$1" = now ]; then
        prometheus_ask query "query=$2"
    else
        prometheus_ask query_range "query=$2" "start=$((now - $3))" "end=$now" step=1
    fi | jq '.result | length'
}

# grafana_has KIND EXPRESSION SECONDS: there is a series
grafana_has() {
    local count
    count=$(grafana_count "$@") && [ "$count" -gt 0 ]
}

# All queries of a dashboard give data: expect_dashboard DASHBOARD SECONDS
expect_dashboard() {
    local title kind expr asked=0
    while IFS=$'\x1f' read -r title kind expr; do
        expect_success "$1: $title: $expr" host_poll 40 grafana_has "$kind" "$expr" "$2"
        asked=$((asked + 1))
    done < <(grafana_queries "$1" | jq -r '[.title + ", " + .refId, .kind, .expr] | join("\u001f")')
    expect_equal "$1: queries that were asked" "$asked" \
        "$(jq '[.panels[].targets | select(.) | length] | add + ([input.annotations.list[]] | length)' \
            "$GRAFANA_DIR/$1.json" "$GRAFANA_DIR/$1.json")"
}

# The labels that the queries of a table give, each kind once: Grafana makes one row of
# values whose labels are the same. grafana_labels DASHBOARD TITLE
grafana_labels() {
    grafana_queries "$1" | jq -r --arg title "$2" 'select(.title == $title) | .expr' |
        while IFS= read -r expr; do
            prometheus_ask query "query=$expr" | jq -r '.result[].metric | keys | join(" ")'
        done | sort -u
}

# What a variable has to choose from, sorted, in one line: grafana_choices DASHBOARD NAME
grafana_choices() {
    local query selector label
    query=$(jq -r "${GRAFANA_CHOICE[@]}" --arg name "$2" '
        .templating.list[] | select(.name == $name) | .query.query
        | gsub("\\$host\\b"; $host) | gsub("\\$domain\\b"; $domain)' "$GRAFANA_DIR/$1.json")
    selector=${query#label_values(}
    label=${selector##*, }
    prometheus_ask "label/${label%)}/values" "match[]=${selector%, *}" | jq -r '.[]' | sort | xargs
}
