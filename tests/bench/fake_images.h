/* SPDX-License-Identifier: MIT
 *
 * Image files of paper, on as many mounts as there are stores; a mount can be
 * made to hang.
 */
#ifndef VIRT_BACKING_TESTS_FAKE_IMAGES_H
#define VIRT_BACKING_TESTS_FAKE_IMAGES_H

#include "hypervisor.h"

/* Store i is the folder "store<i>" in it. */
#define FAKE_IMAGES_FOLDER "/fake"
#define FAKE_IMAGES_STORES 16

extern const struct images fake_images;

void fake_images_hang(size_t store, bool hang);

#endif
