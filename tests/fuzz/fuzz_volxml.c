/* SPDX-License-Identifier: MIT
 *
 * The reader of volume XML on any text.
 */
#include "volxml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct volume_backing backing = {0};
    struct disk disk = {0};
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (volxml_read(text, &disk, &backing) && disk.layer_count != 1)
        abort();
    volume_backing_clear(&backing);
    disk_clear(&disk);
    free(text);
    return 0;
}
