#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every fuzzer on its corpus. A fuzzer without one, or a corpus without its
# fuzzer, is a failure.

set -u

corpora=${TEST_SOURCE:-.}/tests/fuzz/corpus
programs=${TEST_BUILD:-.}/tests/fuzz
failed=0

complain()
{
    echo "replay: $*" >&2
    failed=1
}

for program in "$programs"/replay_*; do
    case $program in *.o) continue ;; esac
    name=${program##*/replay_}
    if [ ! -d "$corpora/$name" ]; then
        complain "there is no corpus for $name"
        continue
    fi
    printf '%s: ' "$name"
    "$program" "$corpora/$name" || complain "$name failed"
done
for corpus in "$corpora"/*; do
    name=${corpus##*/}
    [ -x "$programs/replay_$name" ] || complain "$corpus belongs to no fuzzer"
done
exit "$failed"
