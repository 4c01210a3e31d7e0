# shellcheck shell=bash
# build.sh - builds this tree out of tree. Source it and call build_tree.

BUILD_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Run COMMAND quietly; its output is shown only when it fails.
build_quietly() {
    local log=$1 status=0
    shift
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ $status -ne 0 ]; then
        echo "failed: $*" >&2
        tail -n 40 "$log" >&2
    fi
    return $status
}

# Make ./configure where a checkout does not have it, or has an older one.
build_configure_script() {
    local file
    for file in "$BUILD_TOP"/{configure.ac,Makefile.am,tests/*/Makefile.inc}; do
        if [ ! -e "$BUILD_TOP/configure" ] || [ "$file" -nt "$BUILD_TOP/configure" ]; then
            build_quietly "$1/autoreconf.log" autoreconf -fi "$BUILD_TOP"
            return
        fi
    done
}

# Configure and make in a folder: build_tree FOLDER [CONFIGURE-OPTION...]
# More options can stand in CONFIGURE_OPTIONS, such as where collectd's headers
# are.
build_tree() {
    local dir=$1
    shift
    mkdir -p "$dir"
    if [ -e "$BUILD_TOP/config.status" ]; then
        echo "This tree was configured in place, so it can't be built elsewhere: run 'make distclean' first." >&2
        return 1
    fi
    build_configure_script "$dir" || return
    (
        cd "$dir" || exit
        # shellcheck disable=SC2086 # words are meant to be split
        build_quietly "$dir/configure.log" "$BUILD_TOP/configure" --quiet "$@" ${CONFIGURE_OPTIONS:-} &&
            build_quietly "$dir/make.log" make -j"$(nproc)"
    )
}
