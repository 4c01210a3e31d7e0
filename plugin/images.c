/* SPDX-License-Identifier: MIT */
#include "images.h"

#include "qcow2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The unit of st_blocks, whatever the block size of the file system. */
#define STAT_BLOCK 512

const char images_denied[] = "permission denied";

static bool look_from(const struct stat *status, struct look *ret_look)
{
    if (S_ISBLK(status->st_mode)) {
        *ret_look = (struct look){
            .storage = STORAGE_BLOCK,
            .device = (uint64_t)status->st_rdev,
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
    };
    return true;
}

bool images_look(const char *path, struct look *ret_look)
{
    struct stat status;

    return stat(path, &status) == 0 && look_from(&status, ret_look);
}

/* f_bavail: QEMU runs without privileges as a rule, and the blocks that are
 * kept for root do not help it. */
uint64_t images_free_space(const char *path)
{
    struct statvfs status;

    if (statvfs(path, &status) != 0)
        return SIZE_UNKNOWN;
    if ((status.f_flag & ST_RDONLY) != 0)
        return 0;
    return (uint64_t)status.f_bavail * status.f_frsize;
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
    image->dirty = header.dirty;
    image->external_data = header.external_data;
    if (header.backing_name[0] != '\0')
        image->backing_name = strdup(header.backing_name);
    if (header.backing_format[0] != '\0')
        image->backing_format = strdup(header.backing_format);
    return NULL;
}

static const char *read_open(int file, const char *format,
                             struct image *ret_image)
{
    struct image image = {
        .end = SIZE_UNKNOWN, .capacity = SIZE_UNKNOWN, .largest = SIZE_UNKNOWN};
    const char *reason = NULL;
    struct stat status;

    if (fstat(file, &status) != 0 || !look_from(&status, &image.seen))
        return "neither a file nor a block device";
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

/* O_NONBLOCK: not to wait for a FIFO's other end, should one lie there. */
const char *images_read(const char *path, const char *format,
                        struct image *ret_image)
{
    *ret_image = (struct image){0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return errno == EACCES || errno == EPERM ? images_denied
               : errno == ENOENT                 ? "no such file"
                                                 : "can't be opened";

    const char *reason = read_open(file, format, ret_image);
    close(file);
    return reason;
}
