/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include "hash.h"
#include "plain.h"

#include <stdio.h>
#include <string.h>

#define HASH_SUFFIX 9 /* '-' and eight digits */

/* A name under construction: the text so far, and a hash of all that went in,
 * also of what found no room. */
struct name {
    char *text;
    size_t length;
    bool altered;
    uint64_t hash;
};

static struct name name_start(char *text)
{
    return (struct name){.text = text, .hash = HASH_START};
}

/* Whether a byte that is a character can't stand in a name. */
static bool is_bad(char character)
{
    unsigned char byte = (unsigned char)character;

    return byte == '/' || byte < ' ' || byte == 0x7f;
}

static void name_add(struct name *name, const char *text)
{
    size_t length;

    for (; text != NULL && *text != '\0'; text += length) {
        size_t whole = plain_character_length(text);
        bool bad = whole == 0 || is_bad(*text);

        length = whole > 0 ? whole : 1;
        name->hash = hash_bytes(name->hash, text, length);
        if (bad || name->length + length > IDENTITY_SIZE - 1)
            name->altered = true;
        if (name->length + length > IDENTITY_SIZE - 1)
            continue;
        memcpy(name->text + name->length, bad ? "_" : text, length);
        name->length += length;
    }
}

static void name_mark(struct name *name, const unsigned char *uuid)
{
    name->hash = hash_bytes(name->hash, uuid, UUID_BYTES);
    name->altered = true;
}

static void name_finish(struct name *name)
{
    name->text[name->length] = '\0';
    if (name->text[0] == '.') {
        name->text[0] = '_';
        name->altered = true;
    }
    if (!name->altered)
        return;

    if (name->length > IDENTITY_SIZE - 1 - HASH_SUFFIX)
        name->length = plain_cut(name->text, IDENTITY_SIZE - 1 - HASH_SUFFIX);
    snprintf(name->text + name->length, HASH_SUFFIX + 1, "-%08x",
             (unsigned)(name->hash ^ name->hash >> 32));
}

static void add_field(struct name *name, enum name_field field,
                      const struct domain *domain, const char *hostname,
                      const char *target)
{
    char uuid[UUID_TEXT_SIZE];

    switch (field) {
    case NAME_FIELD_NAME:
        name_add(name, domain->name);
        break;
    case NAME_FIELD_UUID:
        uuid_format(uuid, domain->uuid);
        name_add(name, uuid);
        break;
    case NAME_FIELD_HOSTNAME:
        name_add(name, hostname);
        break;
    case NAME_FIELD_METADATA:
        name_add(name,
                 domain->metadata != NULL ? domain->metadata : domain->name);
        break;
    case NAME_FIELD_DISK:
        name_add(name, target);
        break;
    }
}

static void add_format(struct name *name, const struct name_format *format,
                       const char *separator, const struct domain *domain,
                       const char *hostname, const char *target)
{
    bool first = true;

    for (size_t i = 0; i < format->count; i++) {
        if (format->fields[i] == NAME_FIELD_DISK && target == NULL)
            continue;
        if (!first)
            name_add(name, separator);
        add_field(name, format->fields[i], domain, hostname, target);
        first = false;
    }
}

void identity_host(char ret_name[IDENTITY_SIZE],
                   const struct name_format *format,
                   const struct domain *domain, const char *hostname, bool mark)
{
    struct name name = name_start(ret_name);

    add_format(&name, format, ":", domain, hostname, NULL);
    if (mark)
        name_mark(&name, domain->uuid);
    name_finish(&name);
}

void identity_disk(char ret_name[IDENTITY_SIZE],
                   const struct name_format *format,
                   const struct domain *domain, const char *target)
{
    struct name name = name_start(ret_name);

    add_format(&name, format, "-", domain, NULL, target);
    name_finish(&name);
}

void identity_domain(char ret_name[IDENTITY_SIZE],
                     const struct name_format *format,
                     const struct domain *domain)
{
    identity_disk(ret_name, format, domain, NULL);
}

void identity_pool(char ret_name[IDENTITY_SIZE], const char *pool)
{
    struct name name = name_start(ret_name);

    name_add(&name, "pool-");
    name_add(&name, pool);
    name_finish(&name);
}

void identity_volume(char ret_name[IDENTITY_SIZE], const char *pool,
                     const char *volume, const unsigned char *mark)
{
    struct name name = name_start(ret_name);

    name_add(&name, "vol-");
    name_add(&name, pool);
    name_add(&name, "-");
    name_add(&name, volume);
    if (mark != NULL)
        name_mark(&name, mark);
    name_finish(&name);
}

void identity_layer(char ret_name[IDENTITY_SIZE], enum layer_format format,
                    const struct layer *layer)
{
    if (format == LAYER_FORMAT_INDEX && layer->index != 0)
        snprintf(ret_name, IDENTITY_SIZE, "index%u", layer->index);
    else if (layer->role == ROLE_MIRROR)
        snprintf(ret_name, IDENTITY_SIZE, "mirror");
    else if (layer->role == ROLE_SCRATCH)
        snprintf(ret_name, IDENTITY_SIZE, "scratch");
    else
        snprintf(ret_name, IDENTITY_SIZE, "layer%u", layer->depth);
}
