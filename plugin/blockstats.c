/* SPDX-License-Identifier: MIT */
#include "blockstats.h"

#include "hash.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "block."

/* Of virDomainState and virDomainPausedReason. */
#define STATE_RUNNING 1
#define STATE_PAUSED 3
#define REASON_MIGRATION 2
#define REASON_IO_ERROR 5

void blockstats_reset(struct blockstats *stats)
{
    stats->supported = false;
    stats->state = 0;
    stats->reason = 0;
    stats->count = 0;
}

void blockstats_clear(struct blockstats *stats)
{
    free(stats->records);
    *stats = (struct blockstats){0};
}

/* "block.12.path" gives 12 and "path". False for any other field. */
static bool split_field(const char *field, size_t *ret_number,
                        const char **ret_name)
{
    if (strncmp(field, PREFIX, strlen(PREFIX)) != 0)
        return false;
    field += strlen(PREFIX);

    const char *digit = field;
    size_t number = 0;
    while (*digit >= '0' && *digit <= '9') {
        number = number * 10 + (size_t)(*digit++ - '0');
        if (number >= BLOCKSTATS_RECORDS_MAX)
            return false;
    }
    if (digit == field || *digit != '.')
        return false;

    *ret_number = number;
    *ret_name = digit + 1;
    return true;
}

static bool grow(struct blockstats *stats, size_t count)
{
    if (count > stats->room) {
        size_t room = stats->room > 0 ? stats->room : 16;
        while (room < count)
            room *= 2;
        struct blockrecord *records =
            realloc(stats->records, room * sizeof(*records));
        if (records == NULL)
            return false;
        stats->records = records;
        stats->room = room;
    }
    while (stats->count < count)
        stats->records[stats->count++] =
            (struct blockrecord){.stated = SIZES_UNKNOWN};
    return true;
}

/* The figure of that name; NULL: there is none. Most parameters are of no
 * interest (rd.*, wr.*, fl.*): what they begin with tells. */
static uint64_t *find_figure(struct blockrecord *record, const char *name)
{
    switch (name[0]) {
    case 'a':
        return strcmp(name, "allocation") == 0 ? &record->stated.allocation
                                               : NULL;
    case 'c':
        return strcmp(name, "capacity") == 0 ? &record->stated.capacity : NULL;
    case 'p':
        return strcmp(name, "physical") == 0 ? &record->stated.physical : NULL;
    case 't':
        return strcmp(name, "threshold") == 0 ? &record->threshold : NULL;
    default:
        return NULL;
    }
}

/* What is not of a record. */
static void take_number(struct blockstats *stats, const char *field,
                        uint64_t value)
{
    if (strcmp(field, PREFIX "count") == 0)
        stats->supported = true;
    else if (strcmp(field, "state.state") == 0)
        stats->state = value;
    else if (strcmp(field, "state.reason") == 0)
        stats->reason = value;
}

bool blockstats_number(struct blockstats *stats, const char *field,
                       uint64_t value)
{
    size_t number;
    const char *name;

    if (!split_field(field, &number, &name)) {
        take_number(stats, field, value);
        return true;
    }
    if (!grow(stats, number + 1))
        return false;

    struct blockrecord *record = &stats->records[number];
    uint64_t *figure = find_figure(record, name);
    if (figure != NULL)
        *figure = value;
    else if (strcmp(name, "backingIndex") == 0 && value <= UINT_MAX)
        record->index = (unsigned)value;
    return true;
}

bool blockstats_text(struct blockstats *stats, const char *field,
                     const char *value)
{
    size_t number;
    const char *name;

    if (!split_field(field, &number, &name))
        return true;
    if (!grow(stats, number + 1))
        return false;

    struct blockrecord *record = &stats->records[number];
    if (strcmp(name, "name") == 0)
        record->target = value;
    else if (strcmp(name, "path") == 0)
        record->path = value;
    return true;
}

bool blockstats_is_running(const struct blockstats *stats)
{
    return stats->state == STATE_RUNNING;
}

bool blockstats_is_halted(const struct blockstats *stats)
{
    return stats->state == STATE_PAUSED && stats->reason == REASON_IO_ERROR;
}

bool blockstats_is_moving(const struct blockstats *stats)
{
    return stats->state == STATE_PAUSED && stats->reason == REASON_MIGRATION;
}

uint64_t blockstats_signature(const struct blockstats *stats)
{
    uint64_t hash = HASH_START;

    for (size_t i = 0; i < stats->count; i++) {
        const struct blockrecord *record = &stats->records[i];
        hash = hash_text(hash, record->target);
        hash = hash_bytes(hash, &record->index, sizeof(record->index));
        hash = hash_text(hash, record->path);
    }
    return hash;
}
