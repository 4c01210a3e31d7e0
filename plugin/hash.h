/* SPDX-License-Identifier: MIT
 *
 * FNV-1a with 64 bits (Fowler, Noll, Vo): small, and spread well enough for
 * telling names and layouts apart. Not for secrets.
 */
#ifndef VIRT_BACKING_HASH_H
#define VIRT_BACKING_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *byte = data;

    while (size-- > 0)
        hash = (hash ^ *byte++) * UINT64_C(0x100000001b3);
    return hash;
}

/* A text with its end, so that "ab","c" and "a","bc" differ; NULL differs
 * from the empty text. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
    if (text == NULL)
        return hash_bytes(hash, "\xff", 1);
    do
        hash = hash_bytes(hash, text, 1);
    while (*text++ != '\0');
    return hash;
}

#endif
