/* SPDX-License-Identifier: MIT
 *
 * libvirt's domain events. Part of the session; nothing else includes it.
 *
 * libvirt's event loop belongs to the whole process: whoever turns it
 * dispatches the events of all. So callbacks may come in a thread of another
 * plugin; and whoever waits to be allowed to turn it waits for as long as
 * nothing happens. A timer sees to it that something does, twice a second, so
 * that everybody can end in time.
 */
#ifndef VIRT_BACKING_EVENTS_H
#define VIRT_BACKING_EVENTS_H

#include "event.h"
#include "select.h"

#include <libvirt/libvirt.h>

struct events;

/* Of the selected domains. To be made before the first connection is opened.
 * Both must last until events_mute(). NULL when memory is short, or there is no
 * event loop. */
struct events *events_new(const struct event_sink *sink,
                          const struct select *select);

/* From then on the sink is not called any more. */
void events_mute(struct events *events);

/* Mutes, too. Takes NULL. */
void events_free(struct events *events);

/* Has the events of a connection told, as far as its driver has them; and no
 * more, before it is closed. */
void events_attach(struct events *events, virConnectPtr handle);
void events_detach(struct events *events, virConnectPtr handle);

/* Turns the event loop until something was dispatched, by whatever thread. */
void events_turn(void);

/* Makes events_turn() return, and again until events_free(). */
void events_wake(struct events *events);

#endif
