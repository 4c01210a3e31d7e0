/* SPDX-License-Identifier: MIT */
#include "images.h"

#include "cleanup.h"
#include "hash.h"
#include "qcow2.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The unit of st_blocks, whatever the block size of the file system. */
#define STAT_BLOCK 512

const char images_denied[] = "permission denied";
const char images_missing[] = "no such file";

static bool look_from(const struct stat *status, struct look *ret_look)
{
    if (S_ISBLK(status->st_mode)) {
        *ret_look = (struct look){
            .storage = STORAGE_BLOCK,
            .device = (uint64_t)status->st_rdev,
            .free = SIZE_UNKNOWN,
        };
        return true;
    }
    if (!S_ISREG(status->st_mode))
        return false;
    *ret_look = (struct look){
        .storage = STORAGE_FILE,
        .length = (uint64_t)status->st_size,
        .blocks = (uint64_t)status->st_blocks * STAT_BLOCK,
        .device = (uint64_t)status->st_dev,
        .inode = (uint64_t)status->st_ino,
        .free = SIZE_UNKNOWN,
    };
    return true;
}

bool images_look(const char *path, struct look *ret_look)
{
    struct stat status;

    return stat(path, &status) == 0 && look_from(&status, ret_look);
}

bool images_status(const char *path, struct image_status *ret_status)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return false;
    *ret_status = (struct image_status){
        .mode = status.st_mode & 07777,
        .owner = status.st_uid,
        .group = status.st_gid,
        .accessed = status.st_atim,
        .modified = status.st_mtim,
        .changed = status.st_ctim,
    };
    ssize_t length = getxattr(path, "security.selinux", ret_status->label,
                              sizeof(ret_status->label) - 1);
    ret_status->label[length > 0 ? length : 0] = '\0';
    return true;
}

/* The number of the mount that a path leads to; -1 where it can't be told. Not
 * the device of stat: that of btrfs is not in the table of mounts. */
static int mount_of(const char *path)
{
    char name[48];
    char line[256];
    int mount = -1;
    int file = open(path, O_PATH | O_CLOEXEC);

    if (file < 0)
        return -1;
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", file);
    FILE *info = fopen(name, "re");
    while (info != NULL && fgets(line, sizeof(line), info) != NULL)
        if (sscanf(line, "mnt_id: %d", &mount) == 1)
            break;
    if (info != NULL)
        fclose(info);
    close(file);
    return mount;
}

/* Whether the file system itself is read-only, and not just the mount through
 * which this process sees it: systemd's ProtectSystem makes such mounts for a
 * daemon. The last field of /proc/self/mountinfo is the file system's
 * (proc(5)).
 */
static bool is_readonly(const char *path)
{
    CLEANUP_FREE char *line = NULL;
    size_t room = 0;
    bool readonly = false;
    int wanted = mount_of(path);
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    while (mounts != NULL && getline(&line, &room, mounts) > 0) {
        int mount;
        const char *options = strrchr(line, ' ');
        if (options != NULL && sscanf(line, "%d", &mount) == 1 &&
            mount == wanted)
            readonly = strncmp(options + 1, "ro", 2) == 0;
    }
    if (mounts != NULL)
        fclose(mounts);
    return readonly;
}

/* f_bavail: QEMU runs without privileges as a rule, and the blocks that are
 * kept for root do not help it. */
uint64_t images_free_space(const char *path)
{
    struct statvfs status;

    if (statvfs(path, &status) != 0)
        return SIZE_UNKNOWN;
    /* It does not count, as ramfs and a tmpfs without a limit. */
    if (status.f_blocks == 0)
        return SIZE_UNKNOWN;
    if ((status.f_flag & ST_RDONLY) != 0 && is_readonly(path))
        return 0;
    return (uint64_t)status.f_bavail * status.f_frsize;
}

/* In place. Returns the length. */
static size_t unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; to++) {
        unsigned code;
        if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
            *to = (char)code;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

static bool is_below(const char *path, const char *folder, size_t length)
{
    return strncmp(path, folder, length) == 0 &&
           (path[length] == '/' || path[length] == '\0' || length == 1);
}

/* The mount point is the fifth field, with octal escapes for white space, and
 * the device that stands for the file system the third (proc(5)). Of two
 * mounts on one point the later is on top. */
uint64_t images_place(const char *path)
{
    CLEANUP_FREE char *line = NULL;
    size_t room = 0;
    size_t longest = 0;
    uint64_t place = 0;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    while (mounts != NULL && getline(&line, &room, mounts) > 0) {
        unsigned device[2];
        int start = 0;
        int end = 0;
        if (sscanf(line, "%*u %*u %u:%u %*s %n%*s%n", &device[0], &device[1],
                   &start, &end) != 2 ||
            end == 0)
            continue;
        line[end] = '\0';
        size_t length = unescape(line + start);
        if (length >= longest && is_below(path, line + start, length)) {
            longest = length;
            place = hash_bytes(HASH_START, device, sizeof(device));
        }
    }
    if (mounts != NULL)
        fclose(mounts);
    return place;
}

struct reader {
    int file;
    bool failed; /* to read: not the image is to blame */
};

static bool read_file(void *context, uint64_t offset, void *buffer, size_t size)
{
    struct reader *reader = context;
    char *to = buffer;

    while (size > 0) {
        ssize_t got = pread(reader->file, to, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            reader->failed = true;
            return false;
        }
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

/* "" becomes NULL. False when memory is short. */
static bool copy_text(char **ret_copy, const char *text)
{
    *ret_copy = text[0] == '\0' ? NULL : strdup(text);
    return text[0] == '\0' || *ret_copy != NULL;
}

/* An external data file holds the guest's data: the image itself holds no
 * more than its metadata, and its sizes are theirs. */
static const char *read_qcow2(int file, struct image *image)
{
    struct reader reader = {.file = file};
    struct qcow2_source source = {read_file, &reader, image->length};
    struct qcow2_header header;
    const char *reason = qcow2_read_header(&source, &header);

    if (reason == NULL)
        reason = qcow2_find_end(&source, &header, &image->end);
    image->unsound = reason != NULL && !reader.failed;
    if (reason != NULL)
        return reason;

    image->capacity = header.capacity;
    image->largest =
        header.snapshots > 0 ? SIZE_UNBOUNDED : qcow2_largest_size(&header);
    image->version = header.version;
    image->cluster = UINT64_C(1) << header.cluster_bits;
    image->lazy_refcounts = header.lazy_refcounts;
    image->extended_l2 = header.extended_l2;
    image->dirty = header.dirty;
    image->external_data = header.external_data;
    return copy_text(&image->backing_name, header.backing_name) &&
                   copy_text(&image->backing_format, header.backing_format)
               ? NULL
               : "out of memory";
}

static const char *read_open(int file, const char *format,
                             struct image *ret_image)
{
    struct image image = {
        .end = SIZE_UNKNOWN, .capacity = SIZE_UNKNOWN, .largest = SIZE_UNKNOWN};
    const char *reason = NULL;
    struct stat status;

    if (fstat(file, &status) != 0 || !look_from(&status, &image.seen))
        return "can't be looked at";
    off_t end = lseek(file, 0, SEEK_END);
    if (end < 0)
        return "its length can't be told";
    image.length = (uint64_t)end;

    if (strcmp(format, "qcow2") == 0)
        reason = read_qcow2(file, &image);
    else if (strcmp(format, "raw") == 0)
        image.capacity = image.largest = image.length;
    else
        reason = "a format that is not read";
    if (reason != NULL) {
        bool unsound = image.unsound;
        image_clear(&image);
        image.unsound = unsound;
    }
    *ret_image = image;
    return reason;
}

static const char *reason_of(int error)
{
    return error == EACCES || error == EPERM ? images_denied
           : error == ENOENT                 ? images_missing
                                             : "can't be opened";
}

/* Opens no more than the name first: what an image names may be any device, and
 * opening a watchdog or a tape is an act. -1 and a reason on failure. */
static int open_image(const char *path, const char **ret_reason)
{
    char again[32];
    struct stat status;
    int name = open(path, O_PATH | O_CLOEXEC);
    int file = -1;

    if (name < 0) {
        *ret_reason = reason_of(errno);
        return -1;
    }
    if (fstat(name, &status) != 0 ||
        !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode))) {
        *ret_reason = "neither a file nor a block device";
    } else {
        snprintf(again, sizeof(again), "/proc/self/fd/%d", name);
        file = open(again, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        *ret_reason = file < 0 ? reason_of(errno) : NULL;
    }
    close(name);
    return file;
}

const char *images_read(const char *path, const char *format,
                        struct image *ret_image)
{
    const char *reason;

    *ret_image = (struct image){0};
    int file = open_image(path, &reason);
    if (file < 0)
        return reason;
    reason = read_open(file, format, ret_image);
    close(file);
    return reason;
}

uint64_t images_device_size(const char *path)
{
    const char *reason;
    uint64_t size = SIZE_UNKNOWN;
    int file = open_image(path, &reason);

    if (file < 0)
        return SIZE_UNKNOWN;
    if (ioctl(file, BLKGETSIZE64, &size) != 0) /* also where it is a file */
        size = SIZE_UNKNOWN;
    close(file);
    return size;
}

const struct images images_local = {
    .look = images_look,
    .free_space = images_free_space,
    .place = images_place,
    .read = images_read,
    .denied = images_denied,
    .missing = images_missing,
};
