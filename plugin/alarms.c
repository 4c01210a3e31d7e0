/* SPDX-License-Identifier: MIT */
#include "alarms.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

static bool is_same(const struct alarm *a, const struct alarm *b)
{
    return a->kind == b->kind && a->index == b->index && a->job == b->job &&
           memcmp(a->uuid, b->uuid, UUID_BYTES) == 0 &&
           strcmp(a->target, b->target) == 0;
}

struct alarm *alarms_find(const struct alarms *alarms, const struct alarm *key)
{
    for (size_t i = 0; i < alarms->count; i++)
        if (is_same(&alarms->alarms[i], key))
            return &alarms->alarms[i];
    return NULL;
}

struct alarm *alarms_find_any(const struct alarms *alarms, enum alarm_kind kind,
                              const unsigned char uuid[UUID_BYTES])
{
    for (size_t i = 0; i < alarms->count; i++)
        if (alarms->alarms[i].kind == kind &&
            memcmp(alarms->alarms[i].uuid, uuid, UUID_BYTES) == 0)
            return &alarms->alarms[i];
    return NULL;
}

struct alarm *alarms_find_pause(const struct alarms *alarms,
                                const unsigned char uuid[UUID_BYTES])
{
    for (size_t i = 0; i < alarms->count; i++)
        if (alarms->alarms[i].paused &&
            memcmp(alarms->alarms[i].uuid, uuid, UUID_BYTES) == 0)
            return &alarms->alarms[i];
    return NULL;
}

bool alarms_add(struct alarms *alarms, const struct alarm *alarm)
{
    struct alarm *list =
        grow(alarms->alarms, alarms->count, &alarms->room, sizeof(*list));

    if (list == NULL)
        return false;
    alarms->alarms = list;
    alarms->alarms[alarms->count++] = *alarm;
    return true;
}

void alarms_remove(struct alarms *alarms, struct alarm *alarm)
{
    *alarm = alarms->alarms[--alarms->count];
}

void alarms_remove_all(struct alarms *alarms,
                       const unsigned char uuid[UUID_BYTES])
{
    for (size_t i = alarms->count; i-- > 0;)
        if (memcmp(alarms->alarms[i].uuid, uuid, UUID_BYTES) == 0)
            alarms_remove(alarms, &alarms->alarms[i]);
}

static bool has_same_names(const struct notice *a, const struct notice *b)
{
    return strcmp(a->host, b->host) == 0 && strcmp(a->type, b->type) == 0 &&
           strcmp(a->plugin_instance, b->plugin_instance) == 0 &&
           strcmp(a->type_instance, b->type_instance) == 0;
}

bool alarms_have_another(const struct alarms *alarms, const struct alarm *alarm)
{
    for (size_t i = 0; i < alarms->count; i++) {
        const struct alarm *other = &alarms->alarms[i];
        if (!is_same(other, alarm) &&
            has_same_names(&other->notice, &alarm->notice))
            return true;
    }
    return false;
}

void alarms_clear(struct alarms *alarms)
{
    free(alarms->alarms);
    *alarms = (struct alarms){0};
}
