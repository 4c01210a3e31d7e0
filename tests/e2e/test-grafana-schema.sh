#!/bin/bash
# The dashboards of integrations/grafana fit Grafana's own types, as the TypeScript compiler
# judges. The packages with them come from npm, for the length of this test.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_program npm
requires_program jq

work=$(mktemp -d)
trap 'rm -r -- "$work"' EXIT
# Of the second package one file will do, without all that the rest of it needs.
get_packages() {
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" \
        @grafana/schema@13.2.3 typescript@5.9.3 &&
        npm pack --silent --pack-destination "$work" @grafana/prometheus@13.2.1 &&
        tar -C "$work" -xzf "$work/grafana-prometheus-13.2.1.tgz" package/dist/types/dataquery.d.ts
}
get_packages >"$work/npm.log" 2>&1 || skip "offline: npm gets no packages here: $(tail -n 1 "$work/npm.log")"

# Have the compiler judge a dashboard after a change: schema_file NAME DASHBOARD JQ-CHANGE
schema_file() {
    cat "$TEST_TOP/tests/e2e/grafana-schema.ts"
    echo "export const dashboard: Dashboard ="
    jq "$3" "$TEST_TOP/integrations/grafana/$2.json"
} >"$work/$1.ts"

# What it has said of that.
schema_complaints() {
    grep "^$1\.ts" "$work/said" || true
}

dashboards=()
for file in "$TEST_TOP"/integrations/grafana/*.json; do
    name=$(basename "$file" .json)
    dashboards+=("$name")
    schema_file "$name" "$name" .
done
# What it must see.
schema_file wrong-option fleet '.panels[0].options.colorMode = "colour"'
schema_file wrong-key fleet '.panels[0].gridPos.width = 3'
schema_file wrong-sort fleet '.templating.list[1].sort = 9'
schema_file wrong-format fleet '.panels[0].targets[0].format = "list"'
schema_file wrong-style fleet '(.panels[] | select(.type == "timeseries")).fieldConfig.defaults.custom.drawStyle = "curve"'

(cd "$work" && node_modules/.bin/tsc --noEmit --strict --skipLibCheck --target es2022 \
    --module esnext --moduleResolution bundler --pretty false ./*.ts) >"$work/said" || true

for name in "${dashboards[@]}"; do
    expect_equal "$name: what the compiler says" "" "$(schema_complaints "$name")"
done
expect_equal "what it says of all" "" "$(grep -vE '^(wrong-[a-z]*\.ts| )' "$work/said" || true)"
for name in wrong-option wrong-key wrong-sort wrong-format wrong-style; do
    expect_success "it sees a $name" test -n "$(schema_complaints $name)"
done

[ "$TEST_FAILURES" -eq 0 ]
