/* SPDX-License-Identifier: MIT
 *
 * The reader of QEMU's JSON names on any text. A path is absolute, and no
 * longer than the name that it was in.
 */
#include "jsonname.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jsonname name;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    jsonname_read(text, &name);
    if (name.path != NULL &&
        (*name.path != '/' || strlen(name.path) >= strlen(text)))
        abort();
    jsonname_clear(&name);
    free(text);
    return 0;
}
