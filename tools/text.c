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

const char *text_role(const struct layer *layer)
{
    if (layer->role == ROLE_MIRROR)
        return "mirror";
    if (layer->role == ROLE_SCRATCH)
        return "scratch";
    return layer->depth == 0 ? "active" : "backing";
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

/* How many bytes a character of UTF-8 has, by its first; 0: none begins so. */
static size_t character_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* One that is no UTF-8 there. */
static bool is_stray(const char *text)
{
    size_t length = character_length((unsigned char)*text);

    for (size_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return true;
    return length == 0;
}

void text_put(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t control = is_stray(text) ? 1 : plain_control_length(text);
        size_t length =
            control > 0 ? control : character_length((unsigned char)*text);
        if (control > 0)
            putc('?', out);
        else
            fwrite(text, 1, length, out);
        text += length;
    }
}

bool text_is_utf8(const char *text)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};

    while (*text != '\0') {
        unsigned char first = (unsigned char)*text;
        size_t length = character_length(first);
        unsigned code = first & (length == 1 ? 0x7fu : 0x7fu >> length);
        if (length == 0)
            return false;
        for (size_t i = 1; i < length; i++) {
            if (((unsigned char)text[i] & 0xc0) != 0x80)
                return false;
            code = code << 6 | ((unsigned char)text[i] & 0x3fu);
        }
        if (code < least[length] || code > 0x10ffff ||
            (code >= 0xd800 && code < 0xe000) || code == 0xfffe ||
            code == 0xffff)
            return false;
        text += length;
    }
    return true;
}

/* Bytes of UTF-8 that go on are 10xxxxxx. */
static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

void text_put_end(FILE *out, const char *text, int width)
{
    int surplus = -width;

    for (const char *c = text; *c != '\0'; c++)
        surplus += begins_character(*c);
    if (surplus > 0) {
        fputs("...", out);
        for (surplus += 3; surplus > 0 && *text != '\0'; text++)
            surplus -= begins_character(text[1]);
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
        columns += colour == 0 && begins_character(*line);
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
        column += colour == 0 && begins_character(*line);
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
