# shellcheck shell=bash
# host-vm.sh - virtual machines of host.sh. They have no guest system: what a
# guest would write, host_write writes through QEMU's own block layer.
#
# A disk is told in a word: TARGET:FORMAT[,DRIVER-OPTION=VALUE...]:TYPE:SOURCE
#   vda:qcow2:file:/images/a.qcow2
#   vdb:raw:block:/dev/loop0
#   vdc:raw:nbd:/run/nbd.sock              a server of host_start_nbd
#   vdd:qcow2,error_policy=enospace:file:/images/d.qcow2
#   hdc:raw:cdrom:                         an empty drive
#   fda:raw:floppy:/images/boot.img
# The bus follows from the target: vd virtio, sd SCSI, hd IDE, fd floppy. Only
# SCSI disks can be unplugged without a guest that lends a hand.
#
# Environment: HOST_VM_DEVICES  more XML for <devices> of host_define_vm
#              HOST_VM_METADATA XML for <metadata>
#              HOST_VM_ELEMENTS more XML for <domain>
#              HOST_VM_BOOT     kinds of devices to boot from, "hd" by default

# Print TEXT as XML text.
host_xml_escape() {
    local text=${1//&/\&amp;}
    text=${text//</\&lt;}
    text=${text//>/\&gt;}
    text=${text//\'/\&apos;}
    printf '%s' "$text"
}

# Print the XML of a disk, for host_define_vm and for virsh attach-device.
host_disk_xml() {
    local target driver type source device=disk bus option attributes='' inner=''
    IFS=: read -r target driver type source <<<"$1"
    source=$(host_xml_escape "$source")

    for option in ${driver//,/ }; do
        case $option in
        *=*) attributes+=" ${option%%=*}='${option#*=}'" ;;
        *) attributes+=" type='$option'" ;;
        esac
    done
    case $target in
    vd*) bus=virtio ;;
    sd*) bus=scsi ;;
    hd*) bus=ide ;;
    fd*) bus=fdc ;;
    *) host_fail "disk $1: unknown kind of target" || return ;;
    esac
    case $type in
    cdrom | floppy)
        device=$type
        type='file'
        [ -z "$source" ] || inner="<source file='$source'/>"
        ;;
    file) inner="<source file='$source'/>" ;;
    block) inner="<source dev='$source'/>" ;;
    nbd)
        type=network
        inner="<source protocol='nbd'><host transport='unix' socket='$source'/></source>"
        ;;
    *) host_fail "disk $1: unknown type '$type'" || return ;;
    esac
    echo "<disk type='$type' device='$device'><driver name='qemu'$attributes/>$inner<target dev='$target' bus='$bus'/></disk>"
}

# Print the XML of a small machine without a guest: host_vm_xml NAME DISK...
# Every device that is not needed is left out, so that it starts fast.
host_vm_xml() {
    local name disk device boot=''
    name=$(host_xml_escape "$1")
    shift
    for device in ${HOST_VM_BOOT:-}; do
        boot+="<boot dev='$device'/>"
    done
    cat <<EOF
<domain type='qemu'>
  <name>$name</name>
  <metadata>${HOST_VM_METADATA:-}</metadata>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type>$boot</os>
  <features><acpi/></features>
  ${HOST_VM_ELEMENTS:-}
  <devices>
    <emulator>$(command -v qemu-system-x86_64)</emulator>
    <controller type='usb' model='none'/>
    <controller type='scsi' model='virtio-scsi'/>
    <memballoon model='none'/>
EOF
    for disk in "$@"; do
        echo "    $(host_disk_xml "$disk")"
    done
    cat <<EOF
    ${HOST_VM_DEVICES:-}
  </devices>
</domain>
EOF
}

# Define a machine, powered off: host_define_vm NAME DISK...
host_define_vm() {
    local file
    file=$(mktemp "$HOST_DIR/vm-XXXXXX.xml")
    host_vm_xml "$@" >"$file"
    host_virsh define "$file" >/dev/null
}

# Start a machine: host_start_vm NAME [DISK...]; given disks it is defined first.
host_start_vm() {
    [ $# -eq 1 ] || host_define_vm "$@"
    host_virsh start "$1" >/dev/null
}

# Power a machine off at once; its definition stays.
host_destroy_vm() {
    host_virsh destroy "$1" >/dev/null
}

# Plug a disk into a running machine: host_plug_disk NAME DISK
host_plug_disk() {
    local file
    file=$(mktemp "$HOST_DIR/disk-XXXXXX.xml")
    host_disk_xml "$2" >"$file"
    host_virsh attach-device "$1" "$file" --live >/dev/null
}

# Unplug a disk with an sd target: host_unplug_disk NAME TARGET
host_unplug_disk() {
    host_virsh detach-disk "$1" "$2" --live >/dev/null
}

# The process id of a machine's QEMU.
host_qemu_pid() {
    local file
    for file in "$HOST_DIR/run/qemu/$1.pid" "$HOST_DIR/runtime/libvirt/qemu/run/$1.pid"; do
        [ ! -f "$file" ] || cat "$file"
    done
}

# QEMU's name for the block device behind a target.
host_qemu_device() {
    local letters=abcdefghijklmnopqrstuvwxyz letter=${1:2:1} before
    before=${letters%%"$letter"*}
    case $1 in
    vd?) echo "/machine/peripheral/virtio-disk${#before}/virtio-backend" ;;
    sd?) echo "scsi0-0-0-${#before}" ;;
    *) host_fail "no QEMU device known for target $1" ;;
    esac
}

# Where QEMU writes what it has to say about a machine.
host_vm_log() {
    if [ "$HOST_MODE" = system ]; then
        echo "$HOST_DIR/log/qemu/$1.log"
    else
        echo "$HOST_DIR/cachehome/libvirt/qemu/log/$1.log"
    fi
}

# Have QEMU run one qemu-io command on a disk, as if a guest had asked for it,
# and print what it says: host_qemu_io NAME TARGET COMMAND
# qemu-io prints to QEMU's own output, so the answer of the monitor is empty and
# the outcome is in the machine's log.
host_qemu_io() {
    local device log before reply
    device=$(host_qemu_device "$2") || return
    log=$(host_vm_log "$1")
    before=$(stat -c %s "$log")
    reply=$(host_virsh qemu-monitor-command "$1" --hmp "qemu-io -d $device \"$3\"") || return
    [ -z "$reply" ] || host_fail "qemu-io $3 on $1 $2: $reply" || return
    tail -c "+$((before + 1))" "$log" | grep -v ' is tainted: '
}

# Write as a guest would: host_write NAME TARGET OFFSET LENGTH (10M, 64k, ...)
host_write() {
    local reply
    reply=$(host_qemu_io "$1" "$2" "write $3 $4") || return
    grep -qE '^wrote ([0-9]+)/\1 bytes' <<<"$reply" ||
        host_fail "write of $4 at $3 to $1 $2: $reply"
}

# Have QEMU write out what it holds back, metadata of the image too.
host_flush() {
    local reply
    reply=$(host_qemu_io "$1" "$2" flush) || true
    [ -z "$reply" ] || host_fail "flush of $1 $2: $reply"
}
