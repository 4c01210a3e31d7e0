/* SPDX-License-Identifier: MIT
 *
 * CLEANUP_FREE char *text = ...; is freed when it goes out of scope.
 */
#ifndef VIRT_BACKING_CLEANUP_H
#define VIRT_BACKING_CLEANUP_H

#include <stdlib.h>

static inline void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free)))

#endif
