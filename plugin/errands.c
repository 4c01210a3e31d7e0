/* SPDX-License-Identifier: MIT */
#include "errands.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct errands *errands)
{
    struct errand *list =
        grow(errands->errands, errands->count, &errands->room, sizeof(*list));

    if (list != NULL)
        errands->errands = list;
    return list != NULL;
}

struct errand *errands_add(struct errands *errands, enum errand_kind kind,
                           const struct domain *domain, const char *target)
{
    if (strlen(target) >= ERRAND_TARGET_SIZE || !make_room(errands))
        return NULL;

    struct errand *errand = &errands->errands[errands->count++];
    *errand = (struct errand){.kind = kind, .id = domain->id};
    memcpy(errand->uuid, domain->uuid, UUID_BYTES);
    strcpy(errand->target, target);
    return errand;
}

void errands_swap(struct errands *one, struct errands *other)
{
    struct errands before = *one;

    *one = *other;
    *other = before;
}

bool errands_are_for(const struct errands *errands,
                     const unsigned char uuid[UUID_BYTES])
{
    for (size_t i = 0; i < errands->count; i++)
        if (memcmp(errands->errands[i].uuid, uuid, UUID_BYTES) == 0)
            return true;
    return false;
}

void errands_forget(struct errands *errands)
{
    for (size_t i = 0; i < errands->count; i++) {
        free(errands->errands[i].reason);
        free(errands->errands[i].errors);
    }
    errands->count = 0;
    errands->put = 0;
}

void errands_clear(struct errands *errands)
{
    errands_forget(errands);
    free(errands->errands);
    *errands = (struct errands){0};
}
