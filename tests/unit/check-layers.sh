#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The layers of HACKING.md, held by the symbols that their objects name:
# who may call libvirt, libxml2 and collectd, and nobody upwards or sideways.
#
# Each pattern is also tried where it must match, so that a pattern, an nm or
# an archive that is no good is a failure, and not a check that always passes.

# Lists of names are meant to be split.
# shellcheck disable=SC2086

set -u

NM=${NM:-nm}
cd "${TEST_BUILD:-.}" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

layers='core text images session flow'

libvirt='vir[A-Z]'
libxml='xml[A-Z]|html[A-Z]|xslt[A-Z]'
# Of collectd's daemon; its plugins' names begin likewise.
collectd='plugin_|cf_|oconfig_|uc_|fc_|c_avl_|c_heap_|llist_|meta_data_'
collectd="$collectd|notification_|ignorelist_|global_option_|cdtime"
collectd="$collectd|hostname_g|interval_g|sstrn|ssnprintf|strsplit|strjoin"
collectd="$collectd|escape_|format_name|parse_value|parse_identifier"

complain()
{
    echo "check-layers: $*" >&2
    failed=1
}

# list NAME FILE...: the symbols that the objects name, and those they define.
list()
{
    name=$1
    shift
    for file; do
        if [ ! -s "$file" ]; then
            complain "$file is missing or empty"
            return
        fi
    done
    # "U symbol" is named, "T address symbol" and the like defined.
    $NM -u "$@" | awk 'NF == 2 && $1 ~ /^[Uwv]$/ { print $2 }' |
        sort -u >"$work/$name.named"
    $NM --defined-only "$@" | awk 'NF == 3 && $2 ~ /^[A-Z]$/ { print $3 }' |
        sort -u >"$work/$name.defined"
    # shellcheck disable=SC2015 # complain is for either
    [ -s "$work/$name.named" ] && [ -s "$work/$name.defined" ] ||
        complain "$NM shows no symbols of $*"
}

# forbid NAME WHAT PATTERN
forbid()
{
    found=$(grep -E "^($3)" "$work/$1.named") &&
        complain "$1 names $2:" $found
}

# expect NAME WHAT PATTERN
expect()
{
    grep -qE "^($3)" "$work/$1.named" ||
        complain "$1 names nothing of $2: the pattern is no good"
}

# apart NAME OTHER...: nothing is named that the others define.
apart()
{
    name=$1
    shift
    for other; do
        found=$(comm -12 "$work/$name.named" "$work/$other.defined")
        [ -z "$found" ] || complain "$name names of $other:" $found
    done
}

# uses NAME OTHER: something is.
uses()
{
    [ -n "$(comm -12 "$work/$1.named" "$work/$2.defined")" ] ||
        complain "$1 names nothing of $2: the lists are no good"
}

for layer in $layers; do
    list "$layer" "plugin/.libs/lib$layer.a"
done
set -- plugin/.libs/virt_backing_la-*.o
list face "$@"
set -- tools/virt_backing-*.o
list tool "$@"
[ "$failed" = 0 ] || exit 1

for layer in $layers; do
    forbid "$layer" collectd "$collectd"
done
forbid core libvirt "$libvirt"
forbid core libxml2 "$libxml"
forbid text libvirt "$libvirt"
forbid images libvirt "$libvirt"
forbid images libxml2 "$libxml"
forbid session libxml2 "$libxml"
forbid flow libvirt "$libvirt"
forbid flow libxml2 "$libxml"
forbid face libvirt "$libvirt"
forbid tool collectd "$collectd"
forbid tool libvirt "$libvirt"

expect face collectd "$collectd"
expect session libvirt "$libvirt"
expect text libxml2 "$libxml"

# Only downwards, and from one adapter never to another. The flow reaches the
# adapters through tables of functions.
apart core text images session flow face
apart text images session flow face
apart images text session flow face
apart session text images flow face
apart flow images session face
apart tool face
apart face tool

uses text core
uses session core
uses flow core
uses flow text
uses face flow
uses tool flow

[ "$failed" = 0 ] && echo "check-layers: $(cat "$work"/*.named | wc -l) names of $layers and both faces looked at"
exit "$failed"
