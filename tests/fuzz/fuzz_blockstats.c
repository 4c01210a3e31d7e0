/* SPDX-License-Identifier: MIT
 *
 * The decoder of typed parameters on any fields: lines of "name=value", where
 * a value that is no number is a text.
 */
#include "blockstats.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(struct blockstats *stats, char *line)
{
    char *value = strchr(line, '=');
    char *end;

    if (value == NULL)
        return;
    *value++ = '\0';
    uint64_t number = strtoull(value, &end, 0);
    if (*value != '\0' && *end == '\0')
        blockstats_number(stats, line, number);
    else
        blockstats_text(stats, line, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct blockstats stats = {0};
    char *text = malloc(size + 1);
    char *rest = NULL;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        feed(&stats, line);
    if (stats.count > BLOCKSTATS_RECORDS_MAX)
        abort();
    blockstats_signature(&stats);
    blockstats_clear(&stats);
    free(text);
    return 0;
}
