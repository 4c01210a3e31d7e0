#!/bin/bash
# The dashboards of integrations/grafana are what their descriptions make, and have what
# Grafana needs: numbers and places of panels, queries, variables, units and legends.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_program jq

folder=$TEST_TOP/integrations/grafana
made=$(mktemp -d)
trap 'rm -r -- "$made"' EXIT

grafana_complaints() {
    jq -r -f "$TEST_TOP/tests/e2e/grafana-structure.jq" "$1" || echo "it can't be checked"
}

expect_success "generate" "$folder/generate" "$made"
expect_equal "dashboards" "$(cd "$made" && echo ./*.json)" "$(cd "$folder" && echo ./*.json)"
for file in "$folder"/*.json; do
    name=$(basename "$file")
    expect_success "$name is what its description makes" cmp "$made/$name" "$file"
    expect_equal "$name: what is wrong" "" "$(grafana_complaints "$file")"
done
expect_equal "uids that are there twice" "" "$(jq -r .uid "$folder"/*.json | sort | uniq -d)"

[ "$TEST_FAILURES" -eq 0 ]
