/* SPDX-License-Identifier: MIT */
#include "statstext.h"

#include "cases.h"

#include <stdlib.h>
#include <string.h>

/* Moves *text behind `word`, if that is what it begins with. */
static bool skip_word(char **text, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static void read_line(struct blockstats *stats, char *line)
{
    line += strspn(line, " \t");
    bool text = skip_word(&line, "text ");
    bool number = !text && skip_word(&line, "number ");
    char *value = strchr(line, '=');
    if (value == NULL)
        return;

    *value++ = '\0';
    if (text || (!number && (ends_in(line, ".name") || ends_in(line, ".path"))))
        assert_true(blockstats_text(stats, line, value));
    else
        assert_true(blockstats_number(stats, line, strtoull(value, NULL, 10)));
}

void statstext_read(struct blockstats *stats, char *text)
{
    char *line;

    while ((line = cases_next_line(&text)) != NULL)
        read_line(stats, line);
}
