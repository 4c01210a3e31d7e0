/* SPDX-License-Identifier: MIT */
#include "volchain.h"

#include "cleanup.h"
#include "walk.h"

#include <string.h>

static bool has_path(const struct disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->layer_count; i++)
        if (disk->layers[i].path != NULL &&
            strcmp(disk->layers[i].path, path) == 0)
            return true;
    return false;
}

/* True when a layer was added; *backing is then what lies below it. */
static bool add_volume(const struct hypervisor *hypervisor, struct disk *disk,
                       struct volume_backing *backing)
{
    if (backing->path == NULL || disk->layer_count >= WALK_DEPTH_MAX ||
        has_path(disk, backing->path))
        return false;

    CLEANUP_FREE char *xml =
        hypervisor->volume_xml(hypervisor->context, backing->path);
    volume_backing_clear(backing);
    return xml != NULL && volxml_read(xml, disk, backing);
}

void volchain_follow(const struct hypervisor *hypervisor, struct disk *disk,
                     const struct volume_backing *backing)
{
    struct volume_backing next = {
        .path = backing->path == NULL ? NULL : strdup(backing->path)};

    disk->ended = backing->path == NULL;
    while (add_volume(hypervisor, disk, &next))
        disk->ended = next.path == NULL;
    volume_backing_clear(&next);
}

void volchain_complete(const struct hypervisor *hypervisor, struct disk *disk)
{
    struct volume_backing backing = {0};
    struct disk found = {0};

    if (disk->layer_count == 0 || disk->layer_count != disk->own)
        return;
    const char *path = disk->layers[disk->own - 1].path;
    if (path == NULL)
        return;
    CLEANUP_FREE char *xml = hypervisor->volume_xml(hypervisor->context, path);
    if (xml != NULL && volxml_read(xml, &found, &backing))
        volchain_follow(hypervisor, disk, &backing);
    volume_backing_clear(&backing);
    disk_clear(&found);
}
