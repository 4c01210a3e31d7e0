# What Grafana needs of a dashboard and its schema does not say: prints a line for each
# thing that is wrong.

def overlap($a; $b): $a.x < $b.x + $b.w and $b.x < $a.x + $a.w and $a.y < $b.y + $b.h and $b.y < $a.y + $a.h;
def twice: group_by(.) | map(select(length > 1) | .[0]);

# Names of variables in a text: $name, ${name} and ${name:format}; not Grafana's own.
def variables: [match("\\$\\{?([a-zA-Z_]\\w*)"; "g").captures[0].string | select(startswith("__") | not)];

(.templating.list | map(.name)) as $known
| (.panels | map(select(.type != "row"))) as $shown
| (if (.schemaVersion | type) != "number" or .schemaVersion < 36 then "schemaVersion" else empty end),
  (if (.uid // "" | test("^[a-zA-Z0-9_-]{1,40}$")) then empty else "uid" end),
  (if .id == null then empty else "id is of one Grafana alone" end),
  (.panels | map(.id) | twice[] | "panel id \(.) is there twice"),
  (.panels | map(.title) | twice[] | "title \(.) is there twice"),
  (.panels[] | select((.id | type) != "number" or .id < 1) | "panel \(.title): id"),
  (.panels[] | select(.gridPos | .x < 0 or .y < 0 or .w < 1 or .h < 1 or .x + .w > 24) | "panel \(.title): place"),
  (.panels as $all | range($all | length) as $i | range($i) as $j
    | select(overlap($all[$i].gridPos; $all[$j].gridPos)) | "\($all[$j].title) and \($all[$i].title) overlap"),
  ($shown[] | select(.datasource.uid != "${datasource}") | "panel \(.title): data source"),
  (.templating.list[] | select(.type == "query" and .datasource.uid != "${datasource}") | "variable \(.name): data source"),
  (.templating.list[0] | select(.type != "datasource") | "the first variable is not the data source"),
  ($known | twice[] | "variable \(.) is there twice"),
  ($shown[] | select(.targets | length == 0) | "panel \(.title): no query"),
  ($shown[] | .title as $title | .targets | map(.refId) | twice[] | "panel \($title): refId \(.) is there twice"),
  ($shown[] | select(.targets | all(.refId | test("^[A-Z]$")) | not) | "panel \(.title): refId"),
  ($shown[] | select(.targets | all((.expr // .target) | type == "string") | not) | "panel \(.title): a query without text"),
  ([.panels, .annotations, .templating.list[] | .. | strings | variables[]] | unique[]
    | select(IN($known[]) | not) | "variable \(.) is not defined"),
  ($known[] as $name | [.panels | .. | strings | variables[] | select(. == $name)] | select(length == 0)
    | "variable \($name) is not used"),
  (.panels[] | select(.repeat) | select(.repeat | IN($known[]) | not) | "panel \(.title): repeats for nothing"),
  ($shown[] | select(.type == "table") | .title as $title | .targets | map(.expr | match("^max by \\([^)]*\\)").string)
    | unique | select(length != 1) | "table \($title): its queries have different labels"),
  # Without the slashes Grafana takes it for all of a name.
  ($shown[] | .title as $title | .fieldConfig.overrides[].matcher
    | select(.id == "byRegexp" and (.options | test("^/.*/$") | not)) | "panel \($title): expression without slashes"),
  # Units, limits and legends.
  ($shown[] | select(.fieldConfig.defaults.thresholds.steps[0].value != null) | "panel \(.title): limits"),
  ($shown[] | .title as $title | [.fieldConfig | .. | .thresholds? // empty | .steps | map(.value)] [] | select(. != sort)
    | "panel \($title): limits are not in order"),
  ($shown[] | select(.type == "timeseries" and (.options.legend.showLegend | not)) | "panel \(.title): no legend"),
  ($shown[] | select(.type == "timeseries" and (.targets | all((.legendFormat // .target // "") != "") | not))
    | "panel \(.title): a query without a name for its legend"),
  ($shown[] | select(.type != "table") | (.targets[0] | .expr // .target) as $query
    | select(($query | test("disk_|_left")) and ($query | test(" / |divideSeries") | not)
      and (.fieldConfig.defaults.unit | IN("bytes", "percent") | not)) | "panel \(.title): bytes without their unit")
