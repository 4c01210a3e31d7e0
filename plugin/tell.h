/* SPDX-License-Identifier: MIT
 *
 * From notices to collectd's notifications. collectd calls all that want them
 * one after the other, and each may take its time, such as for a mail: so they
 * are dispatched in a thread of their own.
 */
#ifndef VIRT_BACKING_TELL_H
#define VIRT_BACKING_TELL_H

#include "herald.h"

struct tell;

/* NULL when memory is short, or no thread can be had. */
struct tell *tell_new(void);

/* What has not been dispatched is forgotten. False when a notification is
 * being dispatched and takes too long: its thread is then left behind. Takes
 * NULL. */
bool tell_free(struct tell *tell);

/* Waits until all that was told is dispatched, but no longer than so many
 * seconds. */
void tell_settle(struct tell *tell, double seconds);

/* Good as long as `tell`. */
const struct teller *tell_teller(const struct tell *tell);

#endif
