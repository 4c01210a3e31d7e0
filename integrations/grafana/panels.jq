# SPDX-License-Identifier: MIT
#
# What the dashboards are made of: kinds of panels with their defaults, and a layout that
# gives them places and numbers. A panel is one of the functions below, with what is
# particular to it added: stat("Machines"; QUERIES; 4) + {description: "..."}.

# --- queries ---

# A Prometheus query. Panels give their queries letters.
def query($expr; $legend): {expr: $expr, legendFormat: $legend, range: true, instant: false};

# One that is asked for now alone, as tables and bars want it.
def now($expr; $legend): query($expr; $legend) + {range: false, instant: true};
def column($expr): now($expr; "") + {format: "table"};

def lettered: to_entries | map(.value + {refId: ([65 + .key] | implode)});

# --- fields ---

# Values below the first limit are red, below the second orange, and so on upwards.
def low($red; $orange): {thresholds: {mode: "absolute", steps: [
    {value: null, color: "red"}, {value: $red, color: "orange"}, {value: $orange, color: "green"}]}};
def high($orange; $red): {thresholds: {mode: "absolute", steps: [
    {value: null, color: "green"}, {value: $orange, color: "orange"}, {value: $red, color: "red"}]}};
def no_limits: {thresholds: {mode: "absolute", steps: [{value: null, color: "blue"}]}};

# The limits of ../thresholds.conf.
def headroom_limits: low(536870912; 2147483648);
def pool_limits: low(1073741824; 5368709120);
def chain_limits: high(17; 65);
def percent_limits: high(80; 95);

# Fields whose name fits an expression have these properties: {"unit": "bytes", ...}
def override($regex; $properties): {
    matcher: {id: "byRegexp", options: "/\($regex)/"},
    properties: ($properties | to_entries | map({id: .key, value: .value}))};

# --- panels: a title, queries, width of 24, and the unit and limits of its fields ---

def panel($type; $title; $queries; $width; $height; $field): {
    type: $type, title: $title,
    gridPos: {w: $width, h: $height},
    targets: ($queries | lettered),
    fieldConfig: {defaults: $field, overrides: []}};

def stat($title; $queries; $width; $field):
    panel("stat"; $title; $queries; $width; 4; {color: {mode: "thresholds"}} + $field) + {options: {
        reduceOptions: {calcs: ["lastNotNull"], fields: "", values: false},
        colorMode: "value", graphMode: "area", justifyMode: "auto", textMode: "value",
        orientation: "auto", wideLayout: true, showPercentChange: false,
        percentChangeColorMode: "standard"}};

def bars($title; $queries; $width; $field):
    panel("bargauge"; $title; $queries; $width; 8; {color: {mode: "thresholds"}, min: 0} + $field) + {options: {
        reduceOptions: {calcs: ["lastNotNull"], fields: "", values: false},
        displayMode: "basic", orientation: "horizontal", valueMode: "color", showUnfilled: true,
        namePlacement: "left", sizing: "auto", minVizWidth: 8, minVizHeight: 16, maxVizHeight: 32,
        legend: {showLegend: false, displayMode: "list", placement: "bottom", calcs: []}}};

def lines: {drawStyle: "line", lineInterpolation: "linear", lineWidth: 2, fillOpacity: 0,
    showPoints: "never", spanNulls: false, stacking: {mode: "none", group: "A"},
    thresholdsStyle: {mode: "off"}, axisPlacement: "auto"};

def graph($title; $queries; $width; $field):
    panel("timeseries"; $title; $queries; $width; 8;
        no_limits + {color: {mode: "palette-classic"}, min: 0, custom: lines} + $field) + {options: {
        legend: {showLegend: true, displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"]},
        tooltip: {mode: "multi", sort: "desc"}}};

# Areas on top of each other, but for fields that are lines of their own.
def stacked: .fieldConfig.defaults.custom += {fillOpacity: 60, lineWidth: 1, stacking: {mode: "normal", group: "A"}};
def dashed($regex): .fieldConfig.overrides += [override($regex; {
    "custom.stacking": {mode: "none"}, "custom.fillOpacity": 0, "custom.lineWidth": 2,
    "custom.lineStyle": {fill: "dash", dash: [8, 8]}, color: {mode: "fixed", fixedColor: "text"}})];
# The limits of a graph as lines, and what steps from value to value.
def with_limits: .fieldConfig.defaults.custom += {thresholdsStyle: {mode: "dashed"}};
def stepped: .fieldConfig.defaults.custom += {lineInterpolation: "stepAfter"};

# A table: each column is {title, expr, field}; label columns come first, as named in
# $labels, rows sorted by $sort. All queries must give these labels and no other, not even the
# name of the series, or Grafana makes a row of each value.
def table($title; $labels; $columns; $sort; $height):
    ([range($columns | length)] | map("Value #" + ([65 + .] | implode))) as $values
    | panel("table"; $title; ($columns | map(column("max by (\($labels | join(", "))) (\(.expr))"))); 24; $height;
        no_limits + {custom: {align: "auto", filterable: true, inspect: false}})
    + {options: {showHeader: true, frameIndex: 0, cellHeight: "sm", sortBy: [$sort]},
       transformations: [
        {id: "merge", options: {}},
        {id: "filterFieldsByName", options: {include: {names: ($labels + $values)}}},
        {id: "organize", options: {
            indexByName: (($labels + $values) | to_entries | map({key: .value, value: .key}) | from_entries),
            renameByName: ([$values, $columns] | transpose | map({key: .[0], value: .[1].title}) | from_entries)}}]}
    | .fieldConfig.overrides = ($columns | map(override("^" + .title + "$"; .field)));

def row($title): {type: "row", title: $title, collapsed: false, panels: [], gridPos: {w: 24, h: 1}};

# --- dashboards ---

# Places and numbers for a list of panels: from left to right, and on below what is there;
# one that is "under" another has its place below that, in the same line.
def under: . + {under: true};
def put($panel; $place): .panels += [$panel + {id: (.panels | length + 1), gridPos: ($panel.gridPos + $place)} | del(.under)]
    | .height = ([.height, $place.y - .y + $panel.gridPos.h] | max);
def placed: reduce .[] as $panel ({panels: [], x: 0, y: 0, height: 0};
    if $panel.under then
        .panels[-1].gridPos as $last | put($panel; {x: $last.x, y: ($last.y + $last.h)})
    else
        (if .x + $panel.gridPos.w > 24 then .y += .height | .x = 0 | .height = 0 else . end)
        | put($panel; {x: .x, y: .y}) | .x += $panel.gridPos.w
    end) | .panels;

# From which source: that of the variable.
def from($type): map(if .type == "row" then . else
    {datasource: {type: $type, uid: "${datasource}"}} + . end);

def source($type): {type: "datasource", name: "datasource", label: "Source", query: $type,
    refresh: 1, regex: "", hide: 0};

def variable($type; $name; $title; $query): {type: "query", name: $name, label: $title,
    datasource: {type: $type, uid: "${datasource}"}, query: $query, refresh: 2, sort: 7, regex: "",
    multi: false, includeAll: false, hide: 0};
def any: . + {multi: true, includeAll: true, allValue: ".+", current: {text: ["All"], value: ["$__all"]}};

def dashboard($type; $uid; $title; $variables; $panels): {
    uid: $uid, title: $title, tags: ["virt_backing"], schemaVersion: 39, version: 1, id: null,
    editable: true, graphTooltip: 1, refresh: "30s", timezone: "browser",
    time: {from: "now-1h", to: "now"}, timepicker: {},
    templating: {list: ([source($type)] + $variables)},
    annotations: {list: []},
    links: [{type: "dashboards", title: "virt_backing", tags: ["virt_backing"], asDropdown: true,
        icon: "external link", tooltip: "", includeVars: true, keepTime: true, targetBlank: false}],
    panels: ($panels | placed | from($type))};
