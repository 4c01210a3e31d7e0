/* SPDX-License-Identifier: MIT */
#include "uuids.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wanted {
    unsigned char uuid[UUID_BYTES];
    char **text; /* where it stands; NULL: it is no UUID, or also a name */
    char *name;  /* of the domain; NULL: none was found */
};

/* In use for ever where libvirt does not answer. */
static struct wanted *wanted;
static size_t wanted_count;

/* 32 digits, with hyphens between any two pairs or without. */
static bool parse(unsigned char ret_uuid[UUID_BYTES], const char *text)
{
    for (size_t i = 0; i < UUID_BYTES; i++, text += 2) {
        text += i > 0 && *text == '-';
        if (!isxdigit((unsigned char)text[0]) ||
            !isxdigit((unsigned char)text[1]))
            return false;
        sscanf(text, "%2hhx", &ret_uuid[i]);
    }
    return *text == '\0';
}

static void compare(const struct hypervisor *hypervisor,
                    const struct domain_ref *ref, void *job)
{
    (void)hypervisor;
    (void)job;
    for (size_t i = 0; i < wanted_count; i++) {
        struct wanted *one = &wanted[i];
        if (one->text == NULL)
            continue;
        if (strcmp(ref->name, *one->text) == 0)
            one->text = NULL;
        else if (one->name == NULL &&
                 memcmp(ref->uuid, one->uuid, UUID_BYTES) == 0)
            one->name = strdup(ref->name);
    }
}

bool uuids_replace(struct host *host, char **names, size_t count)
{
    bool any = false;

    wanted = calloc(count, sizeof(*wanted));
    wanted_count = wanted != NULL ? count : 0;
    for (size_t i = 0; i < wanted_count; i++)
        if (parse(wanted[i].uuid, names[i])) {
            wanted[i].text = &names[i];
            any = true;
        }
    if (!any)
        return true;
    if (!host_call_domains(host, compare, NULL))
        return false;
    for (size_t i = 0; i < wanted_count; i++)
        if (wanted[i].text != NULL && wanted[i].name != NULL)
            names[i] = wanted[i].name;
    return true;
}

void uuids_free(void)
{
    for (size_t i = 0; i < wanted_count; i++)
        free(wanted[i].name);
    free(wanted);
    wanted = NULL;
    wanted_count = 0;
}
