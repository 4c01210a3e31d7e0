/* SPDX-License-Identifier: MIT
 *
 * The names that QEMU gives to images which options belong to: "json:" and an
 * object, as in
 *   json:{"driver":"qcow2","file":{"driver":"file","filename":"/images/a"}}
 *   json:{"file.filename":"/images/a"}
 * QEMU's own dialect: objects in one another are the same as keys with dots,
 * and a text may stand between single quotes.
 */
#ifndef VIRT_BACKING_JSONNAME_H
#define VIRT_BACKING_JSONNAME_H

#include "chain.h"

#define JSONNAME_PREFIX "json:"

struct jsonname {
    char *path;   /* local file or device; NULL: it is none, or can't be told */
    char *format; /* NULL: not said */
    bool bare;    /* `path` is named without a format: its content is the image
                   * itself, and a format that is declared elsewhere is a
                   * contradiction */
    bool network; /* where there is no path: it is served by a known protocol */
};

/* Understands a name, prefix and all. What is not JSON, or has anything in it
 * that may make the image another one than the file (an offset, another
 * backing image, a filter), leads to no path. */
void jsonname_read(const char *name, struct jsonname *ret_name);

void jsonname_clear(struct jsonname *name);

#endif
