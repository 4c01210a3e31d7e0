/* SPDX-License-Identifier: MIT
 *
 * Image files and devices on this host: the only module that touches them.
 * They are opened for reading alone, and without locks: QEMU does not notice.
 */
#ifndef VIRT_BACKING_IMAGES_H
#define VIRT_BACKING_IMAGES_H

#include "hypervisor.h"

#include <time.h>

/* Sets *ret_look for the file or block device at `path` (stat). False where
 * it can't be looked at, or is neither; *ret_look is then as before. */
bool images_look(const char *path, struct look *ret_look);

/* How large the block device at `path` is; SIZE_UNKNOWN where there is none, or
 * it can't be opened. */
uint64_t images_device_size(const char *path);

/* Bytes that a writer finds free on the file system of `path`: 0 on one that
 * is read-only; SIZE_UNKNOWN where it can't be told. */
uint64_t images_free_space(const char *path);

/* A digest of the file system that a path leads to, by the table of mounts
 * alone: it never waits for storage, and does not see through symbolic links
 * on the way. 0 where it can't be told. */
uint64_t images_place(const char *path);

/* Who may do what with the image, and when somebody last did: what libvirt's
 * volume XML calls permissions and timestamps. */
struct image_status {
    unsigned mode;            /* of permissions alone */
    unsigned owner, group;    /* their numbers */
    char label[256];          /* of SELinux; "": none */
    struct timespec accessed; /* atime ... */
    struct timespec modified; /* ... mtime ... */
    struct timespec changed;  /* ... and ctime */
};

/* False where it can't be looked at. */
bool images_status(const char *path, struct image_status *ret_status);

/* What images_read() returns for want of permission, and where there is
 * nothing. */
extern const char images_denied[];
extern const char images_missing[];

/* Reads what the image's own metadata say of it. `format` must be declared by
 * whoever owns the image, never guessed: a raw disk's content may be made to
 * look like any format. NULL on success; else why nothing can be said, a text
 * that lasts, and of *ret_image `unsound` alone is told. The caller frees the
 * strings (image_clear). */
const char *images_read(const char *path, const char *format,
                        struct image *ret_image);

/* All that a collector wants of them, as a table. */
extern const struct images images_local;

#endif
