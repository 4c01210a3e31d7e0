/* SPDX-License-Identifier: MIT
 *
 * Raises alarms and ends them, and has each transition told, once. Several
 * alarms may stand under the same names, such as errors of two layers of a
 * disk: all is well there when the last of them has ended.
 */
#ifndef VIRT_BACKING_HERALD_H
#define VIRT_BACKING_HERALD_H

#include "alarms.h"

/* Who passes on what is told; must not wait for anything. */
struct teller {
    void *context;
    void (*tell)(void *context, const struct notice *notice);
};

struct herald {
    const struct teller *teller; /* NULL: nothing is told */
    const struct settings *settings;
    struct alarms alarms;
    double now;
};

/* Whom an alarm is about: `layer` may be NULL, and with it `disk`. */
struct subject {
    const struct domain *domain;
    const struct disk *disk;
    const struct layer *layer;
};

/* What tells an alarm of a layer, or of the domain, from all others. */
void herald_key_layer(struct alarm *ret_alarm, enum alarm_kind kind,
                      const struct subject *subject);

/* The same of a job; subject->layer is its target, or NULL. */
void herald_key_job(struct alarm *ret_alarm, enum alarm_kind kind,
                    const struct subject *subject, enum job_kind job);

/* The alarm of that kind that stands for the layer; NULL: there is none. */
struct alarm *herald_find_layer(const struct herald *herald,
                                enum alarm_kind kind,
                                const struct subject *subject);

/* The alarm of that kind for a job of the disk, in any list; NULL: there is
 * none. */
struct alarm *herald_find_job(const struct alarms *alarms, enum alarm_kind kind,
                              const struct subject *subject, enum job_kind job);

/* Makes a whole alarm of a key: the names of the series, what messages call it,
 * the time. What is wrong is then for notice_say(). */
void herald_prepare(const struct herald *herald, struct alarm *alarm,
                    const struct subject *subject);

/* Adds the alarm, and tells. One that stands already was heard of once more. */
void herald_raise(struct herald *herald, const struct alarm *alarm);

/* Removes the alarm, and tells why it is over. */
__attribute__((format(printf, 3, 4))) void
herald_end(struct herald *herald, struct alarm *alarm, const char *format, ...);

/* Ends all alarms of a domain that does not run any more. */
void herald_end_domain(struct herald *herald,
                       const unsigned char uuid[UUID_BYTES]);

/* True when the series have other names by now. */
bool herald_has_moved(const struct herald *herald, const struct alarm *alarm,
                      const struct subject *subject);

/* Ends the alarm under the names that it was told by, and has the same message
 * told under those that the series have now. */
void herald_move(struct herald *herald, struct alarm *alarm,
                 const struct subject *subject);

/* Tells what is no alarm. */
void herald_tell(const struct herald *herald, const struct notice *notice);

#endif
