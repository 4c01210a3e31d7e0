/* SPDX-License-Identifier: MIT
 *
 * image_facts PATH [FORMAT]: what the plugin reads from an image, a line each,
 * for comparison with qemu-img. Exit status 1, and the reason, when nothing.
 */
#include "images.h"

#include <inttypes.h>
#include <stdio.h>

static void print(const char *what, uint64_t bytes)
{
    if (bytes == SIZE_UNBOUNDED)
        printf("%s unbounded\n", what);
    else if (bytes == SIZE_UNKNOWN)
        printf("%s unknown\n", what);
    else
        printf("%s %" PRIu64 "\n", what, bytes);
}

int main(int count, char **arguments)
{
    struct image image;
    const char *trouble;

    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: %s PATH [FORMAT]\n", arguments[0]);
        return 2;
    }
    trouble =
        images_read(arguments[1], count > 2 ? arguments[2] : "qcow2", &image);
    if (trouble != NULL) {
        printf("%s\n", trouble);
        return 1;
    }
    print("capacity", image.capacity);
    print("end", image.end);
    print("largest", image.largest);
    printf("dirty %d\n", image.dirty);
    printf("backing %s\n",
           image.backing_name == NULL ? "-" : image.backing_name);
    printf("backing-format %s\n",
           image.backing_format == NULL ? "-" : image.backing_format);
    image_clear(&image);
    return 0;
}
