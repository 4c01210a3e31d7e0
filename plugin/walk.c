/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include "cleanup.h"

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

/* A name that is no local path ends the walk: nothing but local files and
 * devices is opened. */
static struct link *add_backing(struct walk *walk)
{
    const struct link *parent = &walk->links[walk->count - 1];
    const char *name = parent->image.backing_name;
    const char *format = parent->image.backing_format;

    if (strncmp(name, "file:", strlen("file:")) == 0)
        name += strlen("file:");
    if (has_protocol(name)) {
        struct link *link = add_link(walk, name, format);
        if (link != NULL)
            link->storage = STORAGE_NETWORK;
        return link;
    }

    CLEANUP_FREE char *path = resolve(parent->path, name);
    return path == NULL ? NULL : add_link(walk, path, format);
}

bool walk_chain(const struct images *images, const char *path,
                const char *format, size_t depth, struct walk *ret_walk)
{
    struct walk walk = {0};
    struct link *link = add_link(&walk, path, format);

    while (link != NULL && link->storage != STORAGE_NETWORK) {
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
