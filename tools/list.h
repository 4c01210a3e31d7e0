/* SPDX-License-Identifier: MIT
 *
 * The table of domains, disks and layers, and of storage pools and volumes.
 */
#ifndef VIRT_BACKING_LIST_H
#define VIRT_BACKING_LIST_H

#include "collector.h"

#include <stdio.h>

struct list_form {
    bool bytes;  /* exact sizes */
    bool colour; /* for a terminal */
    int width;   /* of the terminal; 0: lines are as long as they are */
};

void list_print(FILE *out, const struct inventory *inventory,
                const struct list_form *form);

#endif
