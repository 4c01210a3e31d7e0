#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/e2e/run ends a test at its time limit, gives more to one whose head asks for it
# ("# limit: SECONDS"), and begins with those, the longest first.

set -u

run=${TEST_SOURCE:?}/tests/e2e/run
command -v bash >/dev/null || exit 77
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail()
{
    echo "check-run: $*" >&2
    sed 's/^/    /' "$work/said" >&2
    exit 1
}

# Make a test that takes so many seconds: make_test NAME SECONDS [HEAD]
make_test()
{
    printf '#!/bin/bash\n# A test.\n%s\n\necho %s >>"%s/order"\nsleep %s\n# limit: 77\n' \
        "${3:-#}" "$1" "$work" "$2" >"$work/$1.sh"
}

make_test quick 0
make_test slow 5
make_test patient 3 '# limit: 60'
make_test last 0 '# limit: 1'
make_test longest 0 '# limit: 100'
bash "$run" -j 1 --timeout 2 "$work/quick.sh" "$work/slow.sh" "$work/patient.sh" "$work/last.sh" \
    "$work/longest.sh" \
    >"$work/said" 2>&1 && fail "a test that takes too long passes"
grep -q '^FAIL slow .*: not done within 2 s$' "$work/said" || fail "no limit"
grep -q '^PASS patient ' "$work/said" || fail "a test gets no more time than others"
# Less is not to be had: --timeout is what the machine is good for.
[ "$(grep -c '^PASS ' "$work/said")" -eq 4 ] || fail "not all others pass"
[ "$(tr '\n' ' ' <"$work/order")" = 'longest patient quick slow last ' ] || fail "the order: $(cat "$work/order")"
