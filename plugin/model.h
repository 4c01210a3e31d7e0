/* SPDX-License-Identifier: MIT
 *
 * From an answer into the model of a domain: what is laid out anew, and the
 * figures.
 */
#ifndef VIRT_BACKING_MODEL_H
#define VIRT_BACKING_MODEL_H

#include "log.h"
#include "query.h"
#include "roster.h"

/* What holds for all domains in a pass. */
struct model_rules {
    const struct settings *settings;
    const struct images *images; /* NULL: not to be looked at */
    const struct log *log;
    double now;
};

/* Brings the entry up to date with its part of the answer, and empties that
 * part's layout. A domain that vanished, or memory that is short, leaves it
 * without a layout and due at once. */
void model_take(struct roster_entry *entry, const struct query *query,
                struct query_domain *found, const struct model_rules *rules);

/* Of a domain that has not answered yet: no more than its name, and on what
 * storage it lies. */
void model_meet(struct roster_entry *entry, struct query_domain *found,
                const struct model_rules *rules);

/* The domain was found under that id: where it is another one, it was stopped
 * or started anew, and is not the one that was stuck. */
void model_restart(struct roster_entry *entry, int id);

#endif
