/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "figures.h"
#include "imageplan.h"
#include "naming.h"
#include "place.h"

#include <math.h>
#include <stdlib.h>

/* The log is told once, however long it lasts. */
static void complain(struct roster_entry *entry, const char *reason,
                     const struct log *log)
{
    if (!entry->complained)
        log_print(log, LOG_LEVEL_ERROR,
                  "domain \"%s\" is not reported: no use of its XML: %s",
                  entry->domain.name, reason);
    entry->complained = true;
}

/* As in the virt plugin, an interval of 0 is never. */
static double next_refresh(const struct model_rules *rules)
{
    unsigned interval = rules->settings->refresh_interval;

    return interval > 0 ? rules->now + interval : INFINITY;
}

static void move_text(char **to, char **from)
{
    free(*to);
    *to = *from;
    *from = NULL;
}

/* What is known of images goes from the old layout to the new one, unless the
 * domain was started or stopped in between. A chain that was followed through
 * volumes is followed anew. */
static void move_layout(struct domain *domain, struct domain *fresh, int id,
                        const struct model_rules *rules)
{
    bool same_run = domain->id == id;
    struct domain before = {0};

    domain_move_disks(&before, domain);
    domain_move_disks(domain, fresh);
    move_text(&domain->name, &fresh->name);
    move_text(&domain->metadata, &fresh->metadata);
    domain->settled = fresh->settled;
    domain->id = id;
    if (same_run && (id != DOMAIN_OFF || rules->images != NULL))
        imageplan_carry_over(domain, &before);
    if (same_run)
        domain_carry_over(domain, &before);
    domain_clear_disks(&before);
    place_layers(domain, rules->images);
}

static void take_layout(struct roster_entry *entry, struct query_domain *found,
                        const struct model_rules *rules)
{
    struct query_layout *layout = found->layout;
    enum layout_outcome outcome = layout->outcome;
    bool was_loose = entry->loose && entry->domain.id == found->id &&
                     entry->signature == found->signature;

    /* As long as nothing changed its name needs no second look. */
    entry->unique = entry->unique && entry->domain.id == found->id &&
                    entry->signature == found->signature;
    entry->laid_out = false;
    entry->named = false;
    entry->due = 0;
    entry->signature = found->signature;
    move_layout(&entry->domain, &layout->domain, found->id, rules);
    if (layout->reason != NULL)
        complain(entry, layout->reason, rules->log);
    /* What can't be understood now will not be in ten seconds either. */
    if (outcome == LAYOUT_BAD)
        entry->due = next_refresh(rules);
    if ((outcome != LAYOUT_LOOSE && outcome != LAYOUT_DONE) ||
        !naming_disks(&entry->domain, &rules->settings->instance_format))
        return;

    /* Records without a layer call for a second look in the next pass, and
     * for no more than that as long as nothing else changes. */
    entry->loose = outcome == LAYOUT_LOOSE;
    if (!entry->loose || was_loose)
        entry->due = next_refresh(rules);
    entry->complained = false;
    entry->laid_out = true;
}

/* Of one that is stuck, an answer without sizes is none: somebody else waits
 * for it, too. Nor is one to a question that was asked before that of the last
 * answer: the chain may have changed since. */
void model_take(struct roster_entry *entry, const struct query *query,
                struct query_domain *found, const struct model_rules *rules)
{
    if (query->pass < entry->taken || (entry->stuck && !found->whole))
        return;
    entry->taken = query->pass;
    entry->asked = true;
    entry->answered = true;
    entry->met = false;
    entry->again = entry->sized && !found->whole;
    entry->sized = found->whole;
    entry->arrived = entry->arrived || found->whole;
    entry->records = found->records;
    entry->running = found->running;
    entry->halted = found->halted;
    entry->asked_at = query->put;
    if (found->whole || entry->whole == 0)
        entry->whole = rules->now;
    if (found->layout != NULL)
        take_layout(entry, found, rules);
    if (entry->laid_out && found->supported)
        figures_take(&entry->domain, query->figures + found->first,
                     found->records);
}

void model_meet(struct roster_entry *entry, struct query_domain *found,
                const struct model_rules *rules)
{
    if (entry->whole != 0 || found->layout == NULL)
        return;
    entry->whole = rules->now;
    entry->domain.id = found->id;
    move_layout(&entry->domain, &found->layout->domain, found->id, rules);
    entry->met =
        entry->domain.name != NULL &&
        naming_disks(&entry->domain, &rules->settings->instance_format);
}

void model_restart(struct roster_entry *entry, int id)
{
    if (entry->run == id)
        return;
    entry->run = id;
    entry->arrived = false;
    entry->stuck = false;
    entry->lane = NULL;
    entry->suspect = false;
}
