/* SPDX-License-Identifier: MIT
 *
 * The table of domains, disks and layers, and of storage pools and volumes.
 */
#ifndef VIRT_BACKING_LIST_H
#define VIRT_BACKING_LIST_H

#include "collector.h"

#include <stdio.h>

struct list_form {
    bool bytes;     /* exact sizes */
    bool colour;    /* for a terminal */
    int width;      /* of the terminal; 0: lines are as long as they are */
    int name_width; /* of the disks' column; list_print() sees to it */
};

/* As stdout is: colour is for terminals, and not for those who want none
 * (https://no-color.org). Returns the terminal's lines. */
int list_form_of_terminal(struct list_form *ret_form, bool bytes);

void list_print(FILE *out, const struct inventory *inventory,
                const struct list_form *form);

#endif
