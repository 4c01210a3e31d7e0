/* SPDX-License-Identifier: MIT */
#include "text.h"

#include "identity.h"
#include "plain.h"
#include "sizes.h"

#include <string.h>

void text_size(char ret_text[TEXT_SIZE_LENGTH], uint64_t bytes, bool exact)
{
    if (bytes == SIZE_UNKNOWN)
        strcpy(ret_text, "?");
    else if (exact)
        snprintf(ret_text, TEXT_SIZE_LENGTH, "%llu", (unsigned long long)bytes);
    else
        units_print_column(ret_text, bytes);
}

void text_size_of(char ret_text[TEXT_SIZE_LENGTH], uint64_t bytes, bool exact,
                  bool has)
{
    if (has || bytes != SIZE_UNKNOWN)
        text_size(ret_text, bytes, exact);
    else
        strcpy(ret_text, "-");
}

void text_layer(char ret_text[TEXT_LAYER_LENGTH], const struct layer *layer)
{
    char name[IDENTITY_SIZE];

    identity_layer(name, LAYER_FORMAT_DEPTH, layer);
    snprintf(ret_text, TEXT_LAYER_LENGTH, "%.*s", TEXT_LAYER_LENGTH - 1, name);
}

const char *text_storage(enum storage storage)
{
    static const char *const names[] = {
        [STORAGE_FILE] = "file",
        [STORAGE_BLOCK] = "block",
        [STORAGE_NETWORK] = "network",
        [STORAGE_VOLUME] = "volume",
    };

    return storage < sizeof(names) / sizeof(names[0]) ? names[storage] : NULL;
}

const char *text_source(const struct layer *layer)
{
    static char text[1024];

    if (layer->path != NULL)
        return layer->path;
    if (layer->pool == NULL || layer->volume == NULL)
        return layer->server;
    snprintf(text, sizeof(text), "%s/%s", layer->pool, layer->volume);
    return text;
}

/* One that another client of libvirt is asking answers, but without sizes. */
const char *text_trouble(const struct domain *domain)
{
    if (domain->answered)
        return "gives no sizes: it is busy";
    return domain->spared ? "was not asked: it shares storage with one that "
                            "does not answer"
                          : "does not answer";
}

const char *text_reason(const struct domain *domain)
{
    if (domain->answered)
        return "busy";
    return domain->spared ? "not-asked" : "silent";
}

void text_put(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t length = plain_character_length(text);
        size_t control = length == 0 ? 1 : plain_control_length(text);
        if (control > 0)
            putc('?', out);
        else
            fwrite(text, 1, length, out);
        text += control > 0 ? control : length;
    }
}

bool text_is_utf8(const char *text)
{
    while (*text != '\0') {
        size_t length = plain_character_length(text);
        if (length == 0 || plain_is_noncharacter(text))
            return false;
        text += length;
    }
    return true;
}

void text_put_end(FILE *out, const char *text, int width)
{
    int surplus = -width;

    for (const char *c = text; *c != '\0'; c++)
        surplus += !plain_goes_on(*c);
    if (surplus > 0) {
        fputs("...", out);
        for (surplus += 3; surplus > 0 && *text != '\0'; text++)
            surplus -= !plain_goes_on(text[1]);
    }
    text_put(out, text);
}

/* How many bytes at the beginning are a colour. */
static size_t colour_length(const char *text, size_t length)
{
    const char *end = *text == '\033' ? memchr(text, 'm', length) : NULL;

    return end != NULL ? (size_t)(end - text) + 1 : 0;
}

size_t text_columns(const char *line, size_t length)
{
    const char *end = line + length;
    size_t columns = 0;

    while (line < end) {
        size_t colour = colour_length(line, (size_t)(end - line));
        columns += colour == 0 && !plain_goes_on(*line);
        line += colour > 0 ? colour : 1;
    }
    return columns;
}

void text_put_columns(FILE *out, const char *line, size_t length, size_t from,
                      size_t width)
{
    const char *end = line + length;
    size_t column = 0; /* behind what was passed */

    while (line < end) {
        size_t colour = colour_length(line, (size_t)(end - line));
        column += colour == 0 && !plain_goes_on(*line);
        if (colour > 0)
            fwrite(line, 1, colour, out);
        else if (column > from && column <= from + width)
            putc(*line, out);
        line += colour > 0 ? colour : 1;
    }
}

/* What can't run out has its capacity left. */
enum danger text_danger(const struct layer *layer)
{
    uint64_t capacity = layer->sizes.capacity;
    uint64_t headroom = layer->headroom;

    if (headroom == SIZE_UNKNOWN || capacity == SIZE_UNKNOWN ||
        sizes_fits(layer) || headroom >= capacity / 10)
        return DANGER_NONE;
    return headroom < capacity / 50 ? DANGER_FULL : DANGER_NEAR;
}
