/* SPDX-License-Identifier: MIT */
#include "tell.h"

#include "emit.h"
#include "fifo.h"
#include "looper.h"
#include "threads.h"

#include <collectd.h>
#include <plugin.h>
#include <stdio.h>
#include <stdlib.h>

/* Notifications that wait. More at a time are lost, with a line in the log. */
#define NOTICES_MOST 8192

/* So many never make the last one's time run ahead of the clock by as much: it
 * was set back, in seconds. */
#define SET_BACK 30

/* Seconds that a notification plugin is waited for at the end. As long as it
 * runs collectd must not take its lists away; in a read it would be waited for
 * without end. */
#define PATIENCE 30

_Static_assert(NOTIF_MAX_MSG_LEN >= NOTICE_MESSAGE_SIZE,
               "a message would be cut");

struct tell {
    struct fifo *notices;
    pthread_mutex_t lock; /* guards the next one */
    size_t waiting;       /* notices that are not dispatched yet */
    pthread_cond_t settled;
    cdtime_t last; /* time of the last notice */
    struct looper *looper;
    struct teller teller;
    plugin_ctx_t context;
};

/* A notice with the time when it was told. */
struct item {
    struct notice notice;
    cdtime_t time;
};

static void set_field(char field[DATA_MAX_NAME_LEN], const char *text)
{
    snprintf(field, DATA_MAX_NAME_LEN, "%s", text);
}

static int severity_of(const struct notice *notice)
{
    static const int severities[] = {
        [SEVERITY_OKAY] = NOTIF_OKAY,
        [SEVERITY_WARNING] = NOTIF_WARNING,
        [SEVERITY_FAILURE] = NOTIF_FAILURE,
    };

    return severities[notice->severity];
}

/* What is not known is not there. */
static void add_metadata(notification_t *notification,
                         const struct notice *notice)
{
    if (*notice->path != '\0')
        plugin_notification_meta_add_string(notification, "path", notice->path);
    if (notice->index != 0)
        plugin_notification_meta_add_unsigned_int(notification, "index",
                                                  notice->index);
    if (*notice->format != '\0')
        plugin_notification_meta_add_string(notification, "format",
                                            notice->format);
    if (notice->left != SIZE_UNKNOWN)
        plugin_notification_meta_add_unsigned_int(notification, "bytes",
                                                  notice->left);
}

static void dispatch(const struct item *item)
{
    const struct notice *notice = &item->notice;
    notification_t notification = {.severity = severity_of(notice),
                                   .time = item->time};

    snprintf(notification.message, sizeof(notification.message), "%s",
             notice->message);
    set_field(notification.host, notice->host);
    set_field(notification.plugin, PLUGIN_NAME);
    set_field(notification.plugin_instance, notice->plugin_instance);
    set_field(notification.type, notice->type);
    set_field(notification.type_instance, notice->type_instance);
    add_metadata(&notification, notice);
    plugin_dispatch_notification(&notification);
    /* It would complain of NULL. */
    if (notification.meta != NULL)
        plugin_notification_meta_free(notification.meta);
}

static void count(struct tell *tell, bool more)
{
    pthread_mutex_lock(&tell->lock);
    tell->waiting = more ? tell->waiting + 1 : tell->waiting - 1;
    if (tell->waiting == 0)
        pthread_cond_signal(&tell->settled);
    pthread_mutex_unlock(&tell->lock);
}

static void serve(void *context)
{
    struct tell *tell = context;
    struct item item;

    plugin_set_ctx(tell->context);
    if (fifo_wait(tell->notices, &item)) {
        dispatch(&item);
        count(tell, false);
    }
    size_t lost = fifo_count_lost(tell->notices);
    if (lost > 0)
        plugin_log(LOG_ERR,
                   PLUGIN_NAME ": %zu notifications too many at a "
                               "time, and lost",
                   lost);
}

static void stop(void *context)
{
    fifo_stop(((struct tell *)context)->notices);
}

/* No two have the same time, in the milliseconds that collectd tells: whoever
 * gets them out of order can put them in order. */
static void take(void *context, const struct notice *notice)
{
    struct tell *tell = context;
    struct item item = {*notice, cdtime()};

    if (item.time < tell->last + MS_TO_CDTIME_T(2) &&
        tell->last < item.time + TIME_T_TO_CDTIME_T(SET_BACK))
        item.time = tell->last + MS_TO_CDTIME_T(2);
    tell->last = item.time;
    count(tell, true);
    if (!fifo_put(tell->notices, &item))
        count(tell, false);
}

void tell_settle(struct tell *tell, double seconds)
{
    double until = threads_now() + seconds;
    bool in_time = true;

    pthread_mutex_lock(&tell->lock);
    while (tell->waiting > 0 && in_time)
        in_time = threads_wait(&tell->settled, &tell->lock, until);
    pthread_mutex_unlock(&tell->lock);
}

static void destroy(struct tell *tell)
{
    pthread_cond_destroy(&tell->settled);
    pthread_mutex_destroy(&tell->lock);
    fifo_free(tell->notices);
    free(tell);
}

struct tell *tell_new(void)
{
    struct tell *tell = calloc(1, sizeof(*tell));
    if (tell == NULL)
        return NULL;

    pthread_mutex_init(&tell->lock, NULL);
    threads_init_condition(&tell->settled);
    tell->context = plugin_get_ctx();
    tell->teller = (struct teller){tell, take};
    tell->notices = fifo_new(sizeof(struct item), NOTICES_MOST);
    if (tell->notices != NULL)
        tell->looper =
            looper_new("vb-notify", &(struct looper_work){tell, serve, stop});
    if (tell->looper == NULL) {
        destroy(tell);
        return NULL;
    }
    return tell;
}

bool tell_free(struct tell *tell)
{
    if (tell == NULL)
        return true;
    if (!looper_free(tell->looper, PATIENCE))
        return false;
    destroy(tell);
    return true;
}

const struct teller *tell_teller(const struct tell *tell)
{
    return &tell->teller;
}
