# shellcheck shell=bash
# packages.sh - installs what the scripts need by the distribution's package
# manager. Source it and call
#
#   packages_install GROUP...        build, run, check
#
# When nothing is missing it asks only the local package data base: no network,
# no root. Services are never started, and none of the packages is one that
# brings a system-wide libvirt daemon to life (libvirt-daemon-system is not
# among them, on purpose).

# Print which package manager is here: apt, dnf or nothing.
packages_manager() {
    if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
        echo apt
    elif command -v dnf >/dev/null && command -v rpm >/dev/null; then
        echo dnf
    fi
}

# Print the packages of a group: packages_list MANAGER GROUP
packages_list() {
    local npm=npm
    # A Node.js of another origin brings its own, and Debian's can't go beside it.
    ! command -v npm >/dev/null || npm=
    case $1-$2 in
    apt-build)
        echo gcc libc6-dev make autoconf automake libtool pkg-config \
            xz-utils libvirt-dev libxml2-dev libjson-c-dev libcmocka-dev collectd-core collectd-dev
        ;;
    apt-run)
        echo libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients \
            qemu-system-x86 qemu-utils seabios collectd-core tini \
            rrdtool fonts-dejavu-core util-linux mount procps iproute2
        ;;
    apt-check)
        echo valgrind libc6-dbg shellcheck libxml2-utils man-db mandoc strace \
            nagios4-core collectd-utils tmux python3-jsonschema bash-completion \
            prometheus libmicrohttpd12 libprotobuf-c1 libgcrypt20 \
            graphite-carbon graphite-web curl jq ${npm:+"$npm"} \
            librrds-perl libconfig-general-perl libregexp-common-perl libhtml-parser-perl \
            libcgi-pm-perl libsnmp-dev snmp snmpd smitools \
            build-essential debhelper lintian rpm
        ;;
    dnf-build)
        echo gcc make autoconf automake libtool pkgconf-pkg-config \
            xz libvirt-devel libxml2-devel json-c-devel libcmocka-devel collectd
        ;;
    dnf-run)
        echo libvirt-daemon libvirt-daemon-driver-qemu libvirt-client \
            qemu-system-x86-core qemu-img seabios-bin collectd collectd-rrdtool collectd-virt \
            tini rrdtool dejavu-sans-mono-fonts util-linux procps-ng iproute
        ;;
    dnf-check)
        echo valgrind ShellCheck libxml2 man-db mandoc strace libasan libubsan libtsan \
            nagios collectd-utils tmux python3-jsonschema bash-completion \
            golang-github-prometheus collectd-write_prometheus \
            python3-carbon graphite-web curl jq ${npm:+"$npm"} \
            collectd-web rrdtool-perl perl-CGI net-snmp-devel net-snmp net-snmp-utils libsmi \
            rpm-build
        ;;
    *)
        echo "packages: unknown group '$2'" >&2
        return 2
        ;;
    esac
}

# Print those of the given packages that are not installed.
packages_missing() {
    local manager=$1 present='' name
    shift
    if [ "$manager" = apt ]; then
        # Prints what it knows and fails for the rest.
        present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null) || true
    fi
    for name in "$@"; do
        case $manager in
        apt) grep -qxF -- "installed $name" <<<"$present" || echo "$name" ;;
        # A name may have become one that another package provides.
        dnf) rpm -q --whatprovides "$name" >/dev/null 2>&1 || echo "$name" ;;
        esac
    done
}

# Install what is missing of the given groups; quiet when nothing is.
packages_install() {
    local manager group
    local -a wanted=() missing=() command=() as_root=()

    manager=$(packages_manager)
    if [ -z "$manager" ]; then
        echo "packages: neither apt-get nor dnf is here; going on with what is installed" >&2
        return 0
    fi
    for group in "$@"; do
        packages_list "$manager" "$group" >/dev/null || return
        read -r -a missing < <(packages_list "$manager" "$group")
        wanted+=("${missing[@]}")
    done
    mapfile -t missing < <(packages_missing "$manager" "${wanted[@]}")
    [ ${#missing[@]} -gt 0 ] || return 0

    case $manager in
    apt) command=(apt-get install -y --no-install-recommends "${missing[@]}") ;;
    dnf) command=(dnf install -y --setopt=install_weak_deps=False "${missing[@]}") ;;
    esac
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "packages: these are missing: ${missing[*]}" >&2
            echo "packages: run as root: ${command[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    if [ "$manager" = apt ]; then
        packages_run_apt "${as_root[@]}" "${command[@]}"
    else
        "${as_root[@]}" "${command[@]}"
    fi || {
        echo "packages: this failed: ${as_root[*]} ${command[*]}" >&2
        return 1
    }
}

# Run an apt-get command line with fresh lists, asking nothing and starting no
# service: while /usr/sbin/policy-rc.d says 101 no package starts its daemon. A
# policy that the machine already has stays as it is. In a subshell, so that the
# policy goes again also when this is interrupted.
packages_run_apt() (
    policy=/usr/sbin/policy-rc.d
    as_root=()
    if [ "$1" = sudo ]; then
        as_root=(sudo)
        shift
    fi
    "${as_root[@]}" apt-get update -qq || exit
    if [ ! -e "$policy" ]; then
        trap '"${as_root[@]}" rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM HUP
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 0755 "$policy"
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" -qq </dev/null >/dev/null
)
