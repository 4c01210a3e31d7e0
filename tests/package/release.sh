# shellcheck shell=bash
# release.sh - the release that packages are made of. Source it after functions.sh.

requires_build_folder() {
    [ -f "$BUILD_DIR/Makefile" ] || skip "BUILD_DIR is not a build folder"
}

# Print the version in configure.ac.
release_version() {
    sed -n 's/^AC_INIT(\[[^]]*\], \[\([^]]*\)\].*/\1/p' "$TEST_TOP/configure.ac"
}

# Make a tree of what "make dist" would pack, and the tarball:
# release_make FOLDER TARBALL. The tree is FOLDER/virt_backing-VERSION.
release_make() {
    local name
    name=virt_backing-$(release_version)
    mkdir -p "$1"
    run_logged distdir make -C "$BUILD_DIR" distdir "distdir=$1/$name"
    tar -C "$1" --owner=0 --group=0 -cJf "$2" "$name"
}

# Run COMMAND with its output in a file, which is shown when it fails:
# run_logged NAME COMMAND...
run_logged() {
    local log=$HOST_DIR/$1.out
    shift
    "$@" >"$log" 2>&1 </dev/null || {
        tail -n 40 "$log"
        fail "$* failed"
        exit 1
    }
}

# Print mode and path of each file below a folder: what an example must keep.
files_with_modes() {
    find "$1" -type f -printf '%m %P\n' | LC_ALL=C sort -k 2
}
