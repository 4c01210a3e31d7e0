/* SPDX-License-Identifier: MIT */
#include "painter.h"

#include "threads.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct painter {
    struct host *host;
    struct workers *workers; /* one */
    struct crew crew;
    int ended; /* an eventfd */
    struct list_form form;
    struct picture next; /* the worker's while it looks */
    struct picture last;
};

/* --- in the thread ------------------------------------------------------- */

static char *write_table(const struct inventory *inventory,
                         const struct list_form *form)
{
    char *table = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&table, &length);

    if (out == NULL)
        return NULL;
    list_print(out, inventory, form);
    fclose(out);
    return table;
}

static void look(void *job)
{
    struct painter *painter = job;
    struct picture *next = &painter->next;
    const struct inventory *inventory = host_read(painter->host, false);

    free(next->table);
    next->table =
        inventory != NULL ? write_table(inventory, &painter->form) : NULL;
    next->stalled = inventory != NULL ? inventory->stalled : 0;
    if (inventory != NULL && inventory->hostname != NULL)
        text_replace(&next->hostname, inventory->hostname);
    next->clock = time(NULL);
    next->taken = threads_now();
    eventfd_write(painter->ended, 1);
}

/* --- outside of it ------------------------------------------------------- */

struct painter *painter_new(struct host *host)
{
    struct painter *painter = calloc(1, sizeof(*painter));
    if (painter == NULL)
        return NULL;

    painter->host = host;
    painter->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (painter->ended >= 0)
        painter->workers = workers_new(1);
    if (painter->workers == NULL) {
        painter_free(painter);
        return NULL;
    }
    painter->crew = workers_crew(painter->workers);
    return painter;
}

static bool is_idle(const struct painter *painter)
{
    return painter->crew.is_idle(painter->crew.context, 0);
}

/* A look that has said that it is at its end. */
static void wait_for_end(const struct painter *painter)
{
    while (!is_idle(painter))
        painter->crew.wait(painter->crew.context, threads_now() + 1);
}

void painter_free(struct painter *painter)
{
    if (painter == NULL)
        return;
    if (painter->workers != NULL) {
        host_stop(painter->host);
        wait_for_end(painter);
    }
    workers_free(painter->workers);
    if (painter->ended >= 0)
        close(painter->ended);
    free(painter->next.table);
    free(painter->next.hostname);
    free(painter->last.table);
    free(painter->last.hostname);
    free(painter);
}

int painter_descriptor(const struct painter *painter)
{
    return painter->ended;
}

void painter_begin(struct painter *painter, const struct list_form *form)
{
    painter->form = *form;
    painter->crew.start(painter->crew.context, 0, look, painter);
}

const struct picture *painter_take(struct painter *painter)
{
    struct picture before = painter->last;
    struct picture *last = &painter->last;
    eventfd_t count;

    if (eventfd_read(painter->ended, &count) != 0)
        return NULL;
    wait_for_end(painter);
    *last = painter->next;
    painter->next = before;
    /* It holds for as long as nothing is known. */
    if (!complain_take(last->complaint))
        strcpy(last->complaint, last->table == NULL ? before.complaint : "");
    return last;
}
