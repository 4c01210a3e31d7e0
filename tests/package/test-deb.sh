#!/bin/bash
# The Debian package is built from the release, lintian has nothing to say, and it is
# installed on this system (in a view of its own, where nothing else changes). There it
# passes its autopkgtest, and Debian's collectd.conf with no more than LoadPlugin gives
# series of a running machine, of types of the plugin's own as well.

# shellcheck source-path=SCRIPTDIR source=../e2e/functions.sh
. "$(dirname "$0")/../e2e/functions.sh"
# shellcheck source-path=SCRIPTDIR source=release.sh
. "$(dirname "$0")/release.sh"

package=collectd-plugin-virt-backing
stock=/usr/share/doc/collectd-core/examples/collectd.conf

[ -d "$TEST_TOP/debian" ] || skip "no debian/ here, as in a release"
for program in dpkg-buildpackage dh lintian rrdtool; do
    requires_program $program
done
[ -f $stock ] || skip "Debian's collectd.conf is not installed ($stock)"
requires_root
requires_build_folder
requires host_require_collectd
requires host_require_libvirt
requires host_can_unshare
requires unshare --mount mount -t overlay -o lowerdir=/usr:/etc virt_backing /mnt
test_start_host

deb=
root=$HOST_DIR/root

# Build source and binary packages as their maintainer would.
build_package() {
    local version
    version=$(release_version)
    expect_equal "version in debian/changelog" "$version" \
        "$(dpkg-parsechangelog -l "$TEST_TOP/debian/changelog" -S Version | sed 's/-[^-]*$//')"
    release_make "$HOST_DIR/deb" "$HOST_DIR/deb/${package}_$version.orig.tar.xz"
    expect_success "the release has no debian/" [ ! -e "$HOST_DIR/deb/virt_backing-$version/debian" ]
    cp -r "$TEST_TOP/debian" "$HOST_DIR/deb/virt_backing-$version"
    cd "$HOST_DIR/deb/virt_backing-$version"
    run_logged build dpkg-buildpackage -us -uc
    cd "$HOST_DIR/deb"
    deb=$(echo "$PWD/${package}_$version"-*.deb)
    expect_success "the package's tests were run" grep -q '^# PASS: *[1-9]' "$HOST_DIR/build.out"
}

check_lintian() {
    expect_equal "what lintian has to say" "" \
        "$(lintian --allow-root "$HOST_DIR"/deb/*.changes 2>&1 || true)"
}

# Install it where only this test's daemons see it: the whole system below a folder
# that takes what is written.
install_package() {
    mkdir "$HOST_DIR/layer" "$root"
    # The mounts end with this test's namespace. This is for the keeper, which cleans
    # up from within it when this script was killed.
    host_on_cleanup umount --quiet --recursive --lazy "$root" "$HOST_DIR/layer"
    host_run_inside mount -t tmpfs virt_backing "$HOST_DIR/layer"
    host_run_inside mkdir "$HOST_DIR/layer/upper" "$HOST_DIR/layer/work"
    host_run_inside mount -t overlay -o \
        "lowerdir=/,upperdir=$HOST_DIR/layer/upper,workdir=$HOST_DIR/layer/work" virt_backing "$root"
    host_run_inside mount --rbind /dev "$root/dev"
    host_run_inside mount -t proc virt_backing "$root/proc"
    host_run_inside mount -t tmpfs virt_backing "$root/run"
    host_run_inside mkdir -p "$root/run/libvirt" "$root$HOST_DIR"
    host_run_inside mount --bind "$HOST_DIR" "$root$HOST_DIR"
    host_run_inside mount --bind "$HOST_DIR/sock" "$root/run/libvirt"
    run_logged install inside dpkg --no-triggers -i "$deb"
    inside cp $stock /etc/collectd/collectd.conf
    # It wants the host's name to be known; Debian's installer writes that line.
    inside sh -c "echo 127.0.1.1 $(hostname) >>/etc/hosts"
}

# Run COMMAND on the system with the package.
inside() {
    host_run_inside chroot "$root" "$@"
}

# Print the files in a package.
files_of() {
    dpkg-deb -c "$1" | sed -n 's/^-.* \.\(\/.*\)/\1/p' | LC_ALL=C sort
}

check_files() {
    local docs=/usr/share/doc/$package
    expect_equal "conffiles" /etc/collectd/collectd.conf.d/virt_backing.conf \
        "$(dpkg-deb -I "$deb" conffiles)"
    expect_equal "files outside of doc" "$(printf '%s ' \
        /etc/collectd/collectd.conf.d/virt_backing.conf "$(collectd_folder)/virt_backing.so" \
        /usr/share/collectd/types.db.d/virt_backing.db /usr/share/man/man5/collectd-virt_backing.5.gz)" \
        "$(files_of "$deb" | grep -v "^$docs/" | tr '\n' ' ')"
    expect_equal "files of the command line tool outside of doc" "$(printf '%s ' /usr/bin/virt-backing \
        /usr/share/bash-completion/completions/virt-backing /usr/share/man/man1/virt-backing.1.gz \
        /usr/share/virt_backing/virt-backing.schema.json)" \
        "$(files_of "$HOST_DIR"/deb/virt-backing_*.deb | grep -v /usr/share/doc/ | tr '\n' ' ')"
    expect_equal "files of the SNMP subagent outside of doc" "$(printf '%s ' \
        /lib/systemd/system/virt-backing-snmp.service /usr/sbin/virt-backing-snmp \
        /usr/share/man/man8/virt-backing-snmp.8.gz /usr/share/snmp/mibs/VIRT-BACKING-MIB.txt)" \
        "$(files_of "$HOST_DIR"/deb/virt-backing-snmp_*.deb | grep -v /usr/share/doc/ | tr '\n' ' ')"
    expect_equal "examples other than integrations/, with their modes" "" \
        "$(diff <(files_with_modes "$HOST_DIR"/deb/virt_backing-*/integrations) \
            <(inside find "$docs/examples" -type f -printf '%m %P\n' | LC_ALL=C sort -k 2))"
}

# The newest value in an RRD file of the installed collectd.
rrd_value() {
    inside rrdtool lastupdate "/var/lib/collectd/rrd/$1.rrd" 2>/dev/null |
        sed -n '$s/.*: *//p'
}

rrd_has() {
    # One that was just made has "U".
    [[ $(rrd_value "$1") == [0-9]* ]]
}

# collectd with nothing but LoadPlugin, as its service starts it.
check_series() {
    local image=$HOST_DIR/a.qcow2 disk=vm1/virt_backing-vda type pid
    host_make_image "$image" qcow2 64M
    qemu-io -f qcow2 -c 'write 0 5M' "$image" >/dev/null
    host_start_vm vm1 "vda:qcow2:file:$image"
    inside sed -i 's/^#LoadPlugin/LoadPlugin/' /etc/collectd/collectd.conf.d/virt_backing.conf
    # What host_run_inside runs, as the process that is started here.
    host_detached nsenter --target "$HOST_KEEPER" --mount --net -- chroot "$root" collectd -f \
        </dev/null >"$HOST_DIR/collectd.err" 2>&1 &
    pid=$!
    host_on_cleanup host_end_pid $pid
    for type in headroom allocation capacity; do
        wait_until 90 rrd_has $disk/disk_$type-layer0
    done
    expect_equal "allocation" "$(truth_du "$image")" "$(rrd_value $disk/disk_allocation-layer0)"
    expect_equal "capacity" $((64 << 20)) "$(rrd_value $disk/disk_capacity-layer0)"
    host_end_pid $pid 20
    expect_success "collectd ends well" wait $pid
}

# The programs of the two others run there, and the service starts one that is there. No
# service is started: dpkg asks policy-rc.d.
check_programs() {
    local version
    version=$(release_version)
    inside sh -c 'printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d'
    run_logged install-others inside dpkg --no-triggers -i \
        "$HOST_DIR"/deb/virt-backing_*.deb "$HOST_DIR"/deb/virt-backing-snmp_*.deb
    expect_equal "virt-backing" "virt-backing $version" "$(inside virt-backing --version | head -n 1)"
    expect_equal "virt-backing-snmp" "virt-backing-snmp $version" "$(inside virt-backing-snmp -V)"
    expect_equal "what the service starts" /usr/sbin/virt-backing-snmp \
        "$(inside sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' /lib/systemd/system/virt-backing-snmp.service)"
    expect_equal "its MIB" VIRT-BACKING-MIB::virtBackingMIB \
        "$(inside snmptranslate -m VIRT-BACKING-MIB -IR virtBackingMIB)"
}

build_package
check_lintian
install_package
check_files
check_programs
run_logged autopkgtest inside env "AUTOPKGTEST_TMP=$HOST_DIR/deb" \
    "$HOST_DIR/deb/virt_backing-$(release_version)/debian/tests/series"
sed 's/^/autopkgtest: /' "$HOST_DIR/autopkgtest.out"
check_series
