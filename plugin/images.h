/* SPDX-License-Identifier: MIT
 *
 * Image files and devices on this host: the only module that touches them.
 */
#ifndef VIRT_BACKING_IMAGES_H
#define VIRT_BACKING_IMAGES_H

#include "chain.h"

/* Sets *ret_look for the file or block device at `path` (stat). False where
 * it can't be looked at, or is neither; *ret_look is then as before. */
bool images_look(const char *path, struct look *ret_look);

#endif
