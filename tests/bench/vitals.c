/* SPDX-License-Identifier: MIT */
#include "vitals.h"

#include <dirent.h>
#include <malloc.h>

#define SLACK (64 * 1024)

static size_t count_entries(const char *folder)
{
    DIR *stream = opendir(folder);
    size_t count = 0;

    if (stream == NULL)
        return 0;
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

struct vitals vitals_take(void)
{
    struct mallinfo2 info = mallinfo2();

    return (struct vitals){
        .threads = count_entries("/proc/self/task"),
        .files = count_entries("/proc/self/fd"),
        .heap = info.uordblks + info.hblkhd,
    };
}

void growth_add(struct growth *growth, unsigned long done, unsigned long all)
{
    size_t heap = vitals_take().heap;

    if (done >= all / 4 && done < all / 2 && heap > growth->early)
        growth->early = heap;
    if (done >= all / 4 * 3 && (growth->late == 0 || heap < growth->late))
        growth->late = heap;
}

bool growth_is_bad(const struct growth *growth)
{
    return growth->early > 0 && growth->late > growth->early + SLACK;
}
