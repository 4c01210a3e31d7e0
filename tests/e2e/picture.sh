# shellcheck shell=bash
# picture.sh - draws what a graph of a dashboard shows, with rrdtool: the data of its
# queries, with its title, unit, legend and stack. Source it after grafana.sh.

# Print the panel of that title: picture_panel DASHBOARD TITLE
picture_panel() {
    jq -c "${GRAFANA_CHOICE[@]}" --arg title "$2" '.panels[]
        | select((.title // "") | gsub("\\$disk"; $disk) == $title)' "$GRAFANA_DIR/$1.json"
}

# Print the series of a panel as a JSON array of {name, values: [[TIME, VALUE], ...]}, named
# as in its legend: picture_series DASHBOARD TITLE BEGIN END
picture_series() {
    local target legend
    picture_panel "$1" "$2" | jq -c '.targets[]' | while IFS= read -r target; do
        legend=$(jq -r .legendFormat <<<"$target")
        prometheus_ask query_range "query=$(grafana_query "$1" "$2" "$(jq -r .refId <<<"$target")")" \
            "start=$3" "end=$4" step=1 | jq -c --arg legend "$legend" '.result[] | {values, name: (.metric as $labels
                | $legend | gsub("{{(?<label>\\w+)}}"; $labels[.label] // ""))}'
    done | jq -s -c .
}

# Put series into a data base of rrdtool, a source for each: picture_store FILE BEGIN END
picture_store() {
    local -a sources=()
    local count index
    count=$(jq length "$HOST_DIR/series.json")
    for ((index = 0; index < count; index++)); do
        sources+=("DS:s$index:GAUGE:3:U:U")
    done
    rrdtool create "$1" --start "$(($2 - 1))" --step 1 "${sources[@]}" "RRA:LAST:0.5:1:$(($3 - $2 + 1))"
    jq -r --argjson from "$2" --argjson to "$3" '
        map(.values | map({key: (.[0] | tostring), value: .[1]}) | from_entries)
        | range($from; $to + 1) as $time
        | ([$time] + map(.[$time | tostring] // "U")) | join(":")' "$HOST_DIR/series.json" |
        xargs rrdtool update "$1"
}

# Print what rrdtool is to draw of the series, an argument a line: picture_elements FILE PANEL
picture_elements() {
    jq -r --arg file "$1" --argjson panel "$2" '
        ["#4878a8", "#e0a030", "#60a860", "#a05080", "#50a0a0", "#806040"] as $colours
        | ($panel.fieldConfig.defaults.custom.stacking.mode == "normal") as $stacked
        | ($panel.fieldConfig.overrides | map(select(any(.properties[]; .id == "custom.lineStyle")) | .matcher.options[1:-1])) as $dashes
        | to_entries[] | .key as $index | .value.name as $name
        | ($name + "\\l" | gsub(":"; "\\:")) as $legend
        | ($dashes | any(. as $regex | $name | test($regex))) as $dashed
        | "DEF:s\($index)=\($file):s\($index):LAST",
          if $dashed then "LINE2:s\($index)#404040:\($legend):dashes=6,4"
          elif $stacked then "AREA:s\($index)\($colours[$index % 6]):\($legend)\(if $index > 0 then ":STACK" else "" end)"
          else "LINE2:s\($index)\($colours[$index % 6]):\($legend)" end' "$HOST_DIR/series.json"
}

# picture_draw DASHBOARD TITLE BEGIN END FILE
picture_draw() {
    local panel unit rrd=$HOST_DIR/picture.rrd
    local -a elements options=()
    panel=$(picture_panel "$1" "$2")
    picture_series "$@" >"$HOST_DIR/series.json"
    picture_store "$rrd" "$3" "$4"
    unit=$(jq -r '.fieldConfig.defaults.unit // ""' <<<"$panel")
    [ "$unit" != bytes ] || options+=(--base 1024)
    mapfile -t elements < <(picture_elements "$rrd" "$panel")
    rrdtool graph "$5" --width 560 --height 200 --title "$2" --start "$3" --end "$4" \
        --lower-limit 0 --vertical-label "$unit" "${options[@]}" "${elements[@]}" >/dev/null
    rm "$rrd"
}
