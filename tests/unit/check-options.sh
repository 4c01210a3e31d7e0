#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The options of the manual page are those that the plugin takes, and each is
# there once. In the manual page an option is introduced by two lines:
#   .TP                      (or .TQ, where options share a text)
#   .BI "Name " value        (or .B Name)

# Lists of names are meant to be split.
# shellcheck disable=SC2086

set -u

page=${TEST_SOURCE:?}/plugin/collectd-virt_backing.5
lister=${TEST_BUILD:?}/tests/unit/list_options
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail()
{
    echo "check-options: $*" >&2
    exit 1
}

# Options begin with a capital, unlike series and types.
documented()
{
    awk '
        introduced && ($1 == ".B" || $1 == ".BI") {
            gsub(/"/, " ")
            if ($2 ~ /^[A-Z][A-Za-z]+$/)
                print $2
        }
        { introduced = $1 == ".TP" || $1 == ".TQ" }
    ' "$page"
}

[ -s "$page" ] || fail "$page is missing or empty"
documented | sort >"$work/documented" || fail "can't read $page"
"$lister" | sort >"$work/accepted" || fail "can't run $lister"
[ -s "$work/documented" ] || fail "$page documents no option"
[ -s "$work/accepted" ] || fail "$lister prints no option"

twice=$(uniq -d "$work/documented")
[ -z "$twice" ] || fail "documented twice:" $twice

missing=$(comm -13 "$work/documented" "$work/accepted")
unknown=$(comm -23 "$work/documented" "$work/accepted")
[ -z "$missing" ] || echo "check-options: not documented:" $missing >&2
[ -z "$unknown" ] || echo "check-options: documented, not taken:" $unknown >&2
[ -z "$missing$unknown" ] || exit 1
echo "check-options: $(wc -l <"$work/accepted") options"
