#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The options of virt-backing(1) are those that the program takes and those of
# its --help, and each is there once. In the manual page an option is introduced
# by two lines:
#   .TP                                   (or .TQ, where options share a text)
#   .BR \-s ", " \-\-long " \fIVALUE\fR"    (or .BI, .B)

# Lists of names are meant to be split.
# shellcheck disable=SC2086

set -u

page=${TEST_SOURCE:?}/tools/virt-backing.1
source=$TEST_SOURCE/tools/options.c
tool=${TEST_BUILD:?}/tools/virt-backing
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

complain()
{
    echo "check-manual: $*" >&2
    failed=1
}

# Words of a text that are options.
options()
{
    tr -c 'A-Za-z-' '\n' | grep -E '^(-[A-Za-z]|--[a-z]+)$'
}

documented()
{
    awk 'introduced && /^[.]BI?R? / { gsub(/\\-/, "-"); print }
         { introduced = $1 == ".TP" || $1 == ".TQ" }' "$page" | options
}

# As the tables for getopt have them.
accepted()
{
    sed -nE 's/^ *\{"([a-z]+)", [a-z]+_argument.*/--\1/p' "$source"
    sed -nE 's/^#define SHORT_OPTIONS "([A-Za-z:]+)"$/\1/p' "$source" |
        tr -d ':' | sed 's/./-&\n/g' | grep .
}

# compare WHAT FILE
compare()
{
    missing=$(comm -13 "$work/$2" "$work/accepted")
    unknown=$(comm -23 "$work/$2" "$work/accepted")
    [ -z "$missing" ] || complain "taken, not in $1:" $missing
    [ -z "$unknown" ] || complain "in $1, not taken:" $unknown
}

documented | sort >"$work/documented"
accepted | sort >"$work/accepted"
"$tool" --help | options | sort -u >"$work/help"
for list in documented accepted help; do
    [ -s "$work/$list" ] || complain "no options found: $list"
done
twice=$(uniq -d "$work/documented")
[ -z "$twice" ] || complain "documented twice:" $twice
compare "the manual page" documented
compare "--help" help

# The program itself: with --help at the end it does nothing else.
while read -r option; do
    "$tool" "$option" --help >"$work/out" 2>&1
    grep -E 'unrecognized|invalid option' "$work/out" && complain "$option is refused"
done <"$work/documented"
"$tool" --nothing --help >/dev/null 2>&1 && complain "--nothing is taken"

[ "$failed" = 0 ] && echo "check-manual: $(wc -l <"$work/accepted") options"
exit "$failed"
