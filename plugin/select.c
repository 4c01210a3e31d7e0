/* SPDX-License-Identifier: MIT */
#include "select.h"

#include "cleanup.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct select_entry {
    char *name; /* NULL: the expression counts */
    regex_t expression;
};

/* The text between the slashes of "/text/". The reason is as before when memory
 * is short. */
static bool compile(regex_t *ret_expression, const char *entry, size_t length,
                    char *ret_reason, size_t size)
{
    if (length < 3 || entry[length - 1] != '/') {
        snprintf(ret_reason, size, "nothing between two slashes");
        return false;
    }
    CLEANUP_FREE char *text = strndup(entry + 1, length - 2);
    if (text == NULL)
        return false;

    int status = regcomp(ret_expression, text, REG_EXTENDED | REG_NOSUB);
    if (status != 0)
        regerror(status, ret_expression, ret_reason, size);
    return status == 0;
}

/* A place at the end of the list, which does not count yet. */
static struct select_entry *make_place(struct select_list *list)
{
    struct select_entry *entries =
        realloc(list->entries, (list->count + 1) * sizeof(*entries));
    if (entries == NULL)
        return NULL;
    list->entries = entries;
    entries[list->count] = (struct select_entry){0};
    return &entries[list->count];
}

bool select_add_name(struct select_list *list, const char *name)
{
    struct select_entry *new = make_place(list);

    if (new == NULL || (new->name = strdup(name)) == NULL)
        return false;
    list->count++;
    return true;
}

bool select_add(struct select_list *list, const char *entry, char *ret_reason,
                size_t size)
{
    snprintf(ret_reason, size, "out of memory");
    if (entry[0] != '/')
        return select_add_name(list, entry);

    struct select_entry *new = make_place(list);
    if (new == NULL ||
        !compile(&new->expression, entry, strlen(entry), ret_reason, size))
        return false;
    list->count++;
    return true;
}

static bool list_matches(const struct select_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct select_entry *entry = &list->entries[i];
        if (entry->name != NULL
                ? strcmp(entry->name, text) == 0
                : regexec(&entry->expression, text, 0, NULL, 0) == 0)
            return true;
    }
    return false;
}

bool select_domain(const struct select *select, const char *name)
{
    return select->domains.count == 0 ||
           list_matches(&select->domains, name) != select->ignore;
}

bool select_disk(const struct select *select, const char *domain,
                 const char *target)
{
    if (select->disks.count == 0)
        return true;

    CLEANUP_FREE char *text = NULL;
    if (asprintf(&text, "%s:%s", domain, target) < 0) {
        text = NULL;
        return false;
    }
    return list_matches(&select->disks, text) != select->ignore;
}

bool select_pool(const struct select *select, const char *name)
{
    return list_matches(&select->pools, name);
}

static void list_clear(struct select_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].name == NULL)
            regfree(&list->entries[i].expression);
        free(list->entries[i].name);
    }
    free(list->entries);
    *list = (struct select_list){0};
}

void select_clear(struct select *select)
{
    list_clear(&select->domains);
    list_clear(&select->disks);
    list_clear(&select->pools);
}
