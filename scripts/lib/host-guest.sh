# shellcheck shell=bash
# host-guest.sh - guests of host.sh: boot sectors of a few bytes, for what only
# a guest can do, such as running into the end of its disk's storage.

# Make the image of a floppy disk whose boot sector fills the machine's first
# hard disk from its start to its end, 127 sectors a call, then halts:
#   host_make_filler_floppy PATH
# Boot from it with HOST_VM_BOOT='fd hd': the BIOS sees no disk that the boot
# order does not name.
host_make_filler_floppy() {
    {
        printf '\x31\xc0'                 #      xor ax, ax
        printf '\x8e\xd8'                 #      mov ds, ax
        printf '\xbe\x20\x7c'             #      mov si, packet
        printf '\xb2\x80'                 #      mov dl, 80h        first hard disk
        printf '\xb8\x00\x43'             # next: mov ax, 4300h     extended write
        printf '\xcd\x13'                 #      int 13h
        printf '\x72\x0d'                 #      jc end
        printf '\x81\x06\x28\x7c\x7f\x00' #      add word [lba], 127
        printf '\x83\x16\x2a\x7c\x00'     #      adc word [lba + 2], 0
        printf '\xeb\xec'                 #      jmp next
        printf '\xf4'                     # end: hlt
        printf '\xeb\xfd'                 #      jmp end
        printf '\x10\x00\x7f\x00'         # packet: its size; 127 sectors
        printf '\x00\x00\x00\x10'         #      from 1000:0000; may not cross 64 KiB
    } >"$1"                               # lba: eight bytes, 0
    host_finish_floppy "$1"
}

# Make a machine whose guest fills its disk, a qcow2 image on a device, and start it
# paused: host_make_filling_vm NAME DEVICE [POLICY]
# POLICY is the disk's error_policy, by default enospace.
host_make_filling_vm() {
    host_make_filler_floppy "$HOST_DIR/$1.img"
    HOST_VM_BOOT='fd hd' host_define_vm "$1" \
        "vda:qcow2,error_policy=${3:-enospace}:block:$2" "fda:raw:floppy:$HOST_DIR/$1.img"
    host_virsh start --paused "$1" >/dev/null
}

# Make the image of a floppy disk whose boot sector fills 16 MiB of memory again and
# again, so that a migration with little bandwidth does not end by itself:
#   host_make_restless_floppy PATH
# QEMU's own emulation of a processor does not mind the limit of a segment.
host_make_restless_floppy() {
    {
        printf '\x31\xc0'                 #       xor ax, ax
        printf '\x8e\xc0'                 #       mov es, ax
        printf '\x66\xbf\x00\x00\x10\x00' # next: mov edi, 100000h
        printf '\x66\xb9\x00\x00\x40\x00' #       mov ecx, 400000h
        printf '\x66\x40'                 #       inc eax
        printf '\x67\xf3\x66\xab'         #       rep stosd
        printf '\xeb\xec'                 #       jmp next
    } >"$1"
    host_finish_floppy "$1"
}

# Make a boot sector's code a floppy disk of it.
host_finish_floppy() {
    truncate -s 510 "$1"
    printf '\x55\xaa' >>"$1"
    truncate -s 1440K "$1"
}

# Start a machine whose guest is restless: host_start_restless_vm NAME DISK...
host_start_restless_vm() {
    host_make_restless_floppy "$HOST_DIR/$1.img"
    HOST_VM_BOOT='fd hd' host_start_vm "$@" "fda:raw:floppy:$HOST_DIR/$1.img"
    host_poll 60 host_vm_is_restless "$1" || host_fail "the guest of $1 does not start"
}

host_vm_is_restless() {
    local peek="xp /1wx 0x1000000"
    [ "$(host_virsh qemu-monitor-command "$1" --hmp "$peek")" != \
        "$(sleep 0.1; host_virsh qemu-monitor-command "$1" --hmp "$peek")" ]
}
