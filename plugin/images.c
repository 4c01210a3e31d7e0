/* SPDX-License-Identifier: MIT */
#include "images.h"

#include <sys/stat.h>

/* The unit of st_blocks, whatever the block size of the file system. */
#define STAT_BLOCK 512

bool images_look(const char *path, struct look *ret_look)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return false;
    if (S_ISBLK(status.st_mode)) {
        *ret_look = (struct look){.storage = STORAGE_BLOCK};
        return true;
    }
    if (!S_ISREG(status.st_mode))
        return false;
    *ret_look = (struct look){
        .storage = STORAGE_FILE,
        .length = (uint64_t)status.st_size,
        .blocks = (uint64_t)status.st_blocks * STAT_BLOCK,
    };
    return true;
}
