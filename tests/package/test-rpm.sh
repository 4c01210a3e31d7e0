#!/bin/bash
# The spec file is sound, and source and binary RPM are made from the release, as far
# as that goes on a system whose packages are other ones (--nodeps).

# shellcheck source-path=SCRIPTDIR source=../e2e/functions.sh
. "$(dirname "$0")/../e2e/functions.sh"
# shellcheck source-path=SCRIPTDIR source=release.sh
. "$(dirname "$0")/release.sh"

requires_program rpmbuild
requires_program rpmspec
requires_build_folder
headers=$(sed -n "s/^with_collectd_include = //p" "$BUILD_DIR/Makefile")
[ -d "$headers" ] || skip "collectd's headers are not here"
host_create
trap test_end EXIT

spec=$TEST_TOP/packaging/collectd-virt_backing.spec
version=$(release_version)
options=(--nodeps --define "_topdir $HOST_DIR/rpm" --define "_tmppath $HOST_DIR"
    --define "_sourcedir $HOST_DIR" --define "collectd_include $headers")

expect_equal "version in the spec file" "$version" "$(rpmspec -q --qf '%{version}\n' --srpm "$spec")"
expect_equal "the spec file's source" "virt_backing-$version.tar.xz" \
    "$(rpmspec -P "$spec" | sed -n 's/^Source0: *//p')"

release_make "$HOST_DIR" "$HOST_DIR/virt_backing-$version.tar.xz"
# The release's own spec file, as "rpmbuild -ta" takes it.
run_logged rpmbuild rpmbuild -ta --nocheck "${options[@]}" "$HOST_DIR/virt_backing-$version.tar.xz"
source_rpm=$(echo "$HOST_DIR"/rpm/SRPMS/*.src.rpm)
expect_equal "files of the source RPM" "collectd-virt_backing.spec virt_backing-$version.tar.xz " \
    "$(rpm -qlp "$source_rpm" | LC_ALL=C sort | tr '\n' ' ')"

binary_rpm=$(echo "$HOST_DIR"/rpm/RPMS/*/collectd-virt_backing-"$version"-*.rpm)
docs=/usr/share/doc/collectd-virt_backing
packed=$(rpm -qp --qf '[%{FILEMODES:octal} %{FILENAMES}\n]' "$binary_rpm" | sed -n 's/^1000*//p')
expect_equal "files outside of doc" "$(printf '%s ' \
    "644 /etc/collectd.d/virt_backing.conf" \
    "755 $(rpm --eval '%{_libdir}')/collectd/virt_backing.so" \
    "644 /usr/share/collectd/types.db.d/virt_backing.db" \
    "644 /usr/share/man/man5/collectd-virt_backing.5")" \
    "$(grep -v " $docs/\| /usr/share/licenses/" <<<"$packed" | sed 's/\.5\.[a-z0-9]*$/.5/' | tr '\n' ' ')"
expect_equal "examples other than integrations/, with their modes" "" \
    "$(diff <(files_with_modes "$HOST_DIR/virt_backing-$version/integrations") \
        <(sed -n "s,^\([0-7]*\) $docs/examples/,\1 ,p" <<<"$packed" | LC_ALL=C sort -k 2))"
expect_equal "programs of the others" "/usr/bin/virt-backing /usr/sbin/virt-backing-snmp " \
    "$(for other in "$HOST_DIR"/rpm/RPMS/*/*.rpm; do rpm -qlp "$other"; done |
        grep -E '^/usr/s?bin/' | LC_ALL=C sort | tr '\n' ' ')"
expect_equal "configuration files" /etc/collectd.d/virt_backing.conf "$(rpm -qcp "$binary_rpm")"
