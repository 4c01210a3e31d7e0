/* SPDX-License-Identifier: MIT
 *
 * The readers of domain and backup XML on any text.
 */
#include "domxml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct metadata_query query = {"urn:x", "/a/b/text()"};
    struct domain domain = {0};
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    domxml_read(text, &query, &domain);
    domxml_read_backup(text, &domain);
    domxml_read_below_mirrors(text, &domain);
    for (size_t i = 0; i < domain.disk_count; i++)
        if (disk_chain_length(&domain.disks[i]) > domain.disks[i].layer_count)
            abort();
    domain_clear(&domain);
    free(text);
    return 0;
}
