/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include "cleanup.h"
#include "jsonname.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void walk_clear(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        free(walk->links[i].path);
        free(walk->links[i].format);
        image_clear(&walk->links[i].image);
    }
    free(walk->links);
    *walk = (struct walk){0};
}

static struct link *add_link(struct walk *walk, const char *path,
                             const char *format)
{
    struct link *links =
        realloc(walk->links, (walk->count + 1) * sizeof(*links));
    if (links == NULL)
        return NULL;
    walk->links = links;

    struct link *link = &links[walk->count++];
    *link = (struct link){
        .path = strdup(path),
        .format = format == NULL ? NULL : strdup(format),
    };
    return link->path == NULL || (format != NULL && link->format == NULL)
               ? NULL
               : link;
}

static bool is_same(const struct look *a, const struct look *b)
{
    return a->storage == b->storage && a->device == b->device &&
           a->inode == b->inode;
}

/* True when the last image of the walk is in it once more. */
static bool is_loop(const struct walk *walk)
{
    const struct look *last = &walk->links[walk->count - 1].seen;

    for (size_t i = 0; i + 1 < walk->count; i++)
        if (is_same(&walk->links[i].seen, last))
            return true;
    return false;
}

/* Where the file can't be looked at, the attempt to read it tells why. */
static void read_link(const struct images *images, const struct walk *walk,
                      struct link *link)
{
    bool is_seen = images->look(link->path, &link->seen);

    if (is_seen && is_loop(walk)) {
        link->trouble = "the chain comes back to it";
        return;
    }
    link->storage = link->seen.storage;
    if (link->format == NULL)
        link->trouble = "its format is not declared";
    else
        link->trouble = images->read(link->path, link->format, &link->image);
    link->missing = link->trouble != NULL && link->trouble == images->missing;
}

/* As QEMU reads such names: a colon before the first slash makes it another
 * protocol than a file's. */
static bool has_protocol(const char *name)
{
    const char *colon = strchr(name, ':');
    const char *slash = strchr(name, '/');

    return colon != NULL && (slash == NULL || colon < slash);
}

/* The path that `name` stands for in the image at `parent`; to be freed. */
static char *resolve(const char *parent, const char *name)
{
    const char *slash = strrchr(parent, '/');
    char *path = NULL;

    if (name[0] == '/' || slash == NULL)
        return strdup(name);
    if (asprintf(&path, "%.*s/%s", (int)(slash - parent), parent, name) < 0)
        return NULL;
    return path;
}

/* Ends the walk: nothing but local files and devices is opened. */
static struct link *add_foreign(struct walk *walk, const char *name,
                                const char *format, enum storage storage)
{
    struct link *link = add_link(walk, name, format);

    if (link != NULL) {
        link->foreign = true;
        link->storage = storage;
    }
    return link;
}

/* Where a format is declared, too, it is the one that QEMU takes; and of a file
 * that is named bare it then makes nothing at all. */
static struct link *add_json(struct walk *walk, const char *name,
                             const char *format)
{
    struct jsonname json;
    struct link *link;

    jsonname_read(name, &json);
    if (json.path != NULL && (!json.bare || format == NULL))
        link = add_link(walk, json.path, format != NULL ? format : json.format);
    else
        link = add_foreign(walk, name, format,
                           json.network ? STORAGE_NETWORK : STORAGE_UNKNOWN);
    jsonname_clear(&json);
    return link;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* QEMU takes a relative name behind "file:" for one in its own folder. */
static struct link *add_backing(struct walk *walk)
{
    const struct link *parent = &walk->links[walk->count - 1];
    const char *name = parent->image.backing_name;
    const char *format = parent->image.backing_format;

    if (begins(name, JSONNAME_PREFIX))
        return add_json(walk, name, format);
    if (begins(name, "file:/"))
        name += strlen("file:");
    else if (begins(name, "file:"))
        return add_foreign(walk, name, format, STORAGE_UNKNOWN);
    if (has_protocol(name))
        return add_foreign(walk, name, format, STORAGE_NETWORK);

    CLEANUP_FREE char *path = resolve(parent->path, name);
    return path == NULL ? NULL : add_link(walk, path, format);
}

bool walk_chain(const struct images *images, const char *path,
                const char *format, size_t depth, struct walk *ret_walk)
{
    struct walk walk = {0};
    struct link *link = add_link(&walk, path, format);

    while (link != NULL && !link->foreign) {
        read_link(images, &walk, link);
        if (link->trouble != NULL || link->image.backing_name == NULL ||
            walk.count == depth) {
            *ret_walk = walk;
            return true;
        }
        link = add_backing(&walk);
    }
    if (link == NULL) {
        walk_clear(&walk);
        return false;
    }
    *ret_walk = walk;
    return true;
}
