#!/bin/bash
# What integrations/prometheus has for Prometheus is right by promtool, and each of its
# alerts is tested both ways: where it fires, and where it does not.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_program promtool

cd "$TEST_TOP/integrations/prometheus"

# expect_promtool WORD...: it says nothing wrong of that
expect_promtool() {
    local said
    if said=$(promtool "$@" 2>&1); then
        echo "ok: promtool $*"
    else
        fail "promtool $*: $said"
    fi
}

# times_tested ALERT fires|silent
times_tested() {
    alert="$1" way="$2" awk '
        { words = words " " $0 }
        END {
            gsub(/ +/, " ", words)
            shape = "alertname: " ENVIRON["alert"] ",? exp_alerts: "
            shape = shape (ENVIRON["way"] == "silent" ? "\\[\\]" : "- exp_labels")
            print gsub(shape, "", words)
        }' rules-test.yml
}

expect_promtool check config prometheus.yml
expect_promtool check rules rules.yml
expect_promtool test rules rules-test.yml

mapfile -t alerts < <(sed -n 's/.*- alert: //p' rules.yml | sort -u)
for alert in "${alerts[@]}"; do
    for way in fires silent; do
        expect_success "$alert is tested: $way" [ "$(times_tested "$alert" $way)" -gt 0 ]
    done
done

[ "$TEST_FAILURES" -eq 0 ]
