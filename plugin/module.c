/* SPDX-License-Identifier: MIT
 *
 * The collectd plugin: capacity, allocation and physical of every disk and
 * every backing image of the domains that libvirt runs. Read from the end:
 * module_register() names the callbacks above it.
 */
#include "collector.h"
#include "config_tree.h"
#include "emit.h"
#include "images.h"
#include "looper.h"
#include "session.h"
#include "settings.h"
#include "statefile.h"
#include "tell.h"
#include "threads.h"
#include "ticker.h"
#include "workers.h"

#include <collectd.h>
#include <libxml/parser.h>
#include <plugin.h>
#include <stdatomic.h>
#include <string.h>

/* Longer than that collectd never waits for a pass: when it shuts down it first
 * waits for all reads. */
#define READ_WAIT 1.0 /* seconds */

#define TELL_WAIT 0.2 /* seconds that values wait for notifications */

#define CLOSE_WAIT 1.0 /* seconds, at the end */

#define EXTRAS_OWED 8 /* passes for events in an interval, at the most */

#define TIMEOUT_LEAST 1.0 /* seconds; by default */

/* After the shutdown there is no log, and calls that hang may still come back.
 */
static atomic_bool silent;

static void write_log(enum log_level level, const char *message)
{
    static const int severities[] = {
        [LOG_LEVEL_ERROR] = LOG_ERR,
        [LOG_LEVEL_WARNING] = LOG_WARNING,
        [LOG_LEVEL_INFO] = LOG_INFO,
    };

    if (!silent)
        plugin_log(severities[level], PLUGIN_NAME ": %s", message);
}

static const struct log plugin_logger = {write_log};

static struct settings *settings;
static struct session_setup setup;
static struct session *sessions[LANES];
static struct session *ending[LANES]; /* those that are being closed */
static struct hypervisor hypervisors[LANES];
static struct workers *workers;
static struct crew crew;
static struct collector *collector;
static struct ticker *ticker;
static struct statefile *statefile; /* NULL: none is wanted */
static struct tell *tell;           /* NULL: no notifications are wanted */
static struct looper *listener;     /* to libvirt's events; likewise */
static unsigned extras;             /* passes for events since the last read */
static plugin_ctx_t context;        /* of collectd: it has the interval */

static int configure(oconfig_item_t *block)
{
    silent = false;
    /* After a failure here the daemon does not start: nothing ever runs half
     * configured. */
    if (settings == NULL)
        settings = settings_new();
    return settings != NULL &&
                   config_tree_apply(block, settings, &plugin_logger)
               ? 0
               : -1;
}

/* In the ticker's thread, as the next two. */
static void read_once(void)
{
    double start = threads_now();

    plugin_set_ctx(context);
    const struct inventory *inventory = collector_read(collector);
    double seconds = threads_now() - start;
    /* The threshold plugin tells under the same names when it gets the values,
     * and the last word counts: it is to be the one that is worse. */
    if (tell != NULL)
        tell_settle(tell, TELL_WAIT);
    emit_inventory(inventory, settings->layer_format, seconds);
    if (statefile != NULL)
        statefile_write(statefile, inventory);
}

/* What an event leaves open is worth a pass of its own, but no more than one in
 * an interval: that another has followed a machine's start must not delay what
 * is wrong and not told yet. */
static void attend(void *unused)
{
    (void)unused;
    bool soon = collector_attend(collector);
    unsigned most = collector_owes(collector) ? EXTRAS_OWED : 1;
    if (!soon || extras >= most)
        return;
    extras++;
    read_once();
}

static void pass(void *unused)
{
    extras = 0;
    read_once();
    attend(unused);
}

/* In whatever thread turns libvirt's event loop. */
static void hear(void *unused, const struct event *event)
{
    (void)unused;
    collector_hear(collector, event);
    ticker_poke(ticker);
}

static const struct event_sink sink = {NULL, hear};

/* Never a failure: collectd would stop reading for ever longer times, and
 * libvirt may be back in the next interval. */
static int read_all(user_data_t *unused)
{
    double timeout = settings->timeout;

    (void)unused;
    ticker_tick(ticker, timeout < READ_WAIT ? timeout : READ_WAIT);
    return 0;
}

static void end_sessions(void *unused)
{
    (void)unused;
    for (size_t i = LANES; i-- > 0;)
        session_free(ending[i]);
}

/* To end a session is a call, too, and libvirtd may hang since the last one.
 * False when it takes too long. */
static bool close_sessions(void)
{
    memcpy(ending, sessions, sizeof(ending));
    return workers_try(end_sessions, NULL, threads_now() + CLOSE_WAIT);
}

/* A thread that hangs in a call may come back at any time: what it may touch
 * then is left to the end of the process. */
static void release(void)
{
    if (collector != NULL)
        collector_stop(collector);
    if (workers != NULL)
        workers_stop(workers);
    if (sessions[0] != NULL)
        session_mute(sessions[0]);
    ticker_free(ticker);
    bool heard_out = looper_free(listener, CLOSE_WAIT);
    statefile_free(statefile);
    silent = true;
    if (tell_free(tell) && workers_free(workers) && collector_free(collector) &&
        heard_out && close_sessions())
        settings_free(settings);
    memset(sessions, 0, sizeof(sessions));
    ticker = NULL;
    listener = NULL;
    statefile = NULL;
    tell = NULL;
    workers = NULL;
    collector = NULL;
    settings = NULL;
}

static int shut_down(void)
{
    release();
    return 0;
}

/* To libvirt's events, when there is somebody to hear them. */
static bool listens(void)
{
    bool can = session_can_listen();

    if (settings->notifications && !can)
        log_print(&plugin_logger, LOG_LEVEL_WARNING,
                  "this libvirt is older than 6.1: what its events would tell "
                  "is found out by polling");
    return settings->notifications && can;
}

static bool open_sessions(void)
{
    setup = (struct session_setup){
        .uri = settings->connection,
        .select = &settings->select,
        .hostname = hostname_g,
        .log = &plugin_logger,
        .outlook = "; trying again in each interval",
        .writes = settings_arm(settings),
        .sink = listens() ? &sink : NULL,
    };
    for (size_t i = 0; i < LANES; i++) {
        sessions[i] = session_new(&setup, i > 0 ? sessions[0] : NULL);
        if (sessions[i] == NULL)
            return false;
        hypervisors[i] = session_hypervisor(sessions[i]);
    }
    return true;
}

/* Half the interval. libvirt itself takes a moment now and then, as when a
 * domain starts: less than a second would be too little. */
static double default_timeout(void)
{
    double half = CDTIME_T_TO_DOUBLE(plugin_get_interval()) / 2;

    return half > TIMEOUT_LEAST ? half : TIMEOUT_LEAST;
}

/* It holds until two intervals have gone by without a pass. */
static bool open_statefile(void)
{
    if (settings->state_file == NULL)
        return true;
    statefile = statefile_new(settings->state_file, settings->layer_format,
                              2 * CDTIME_T_TO_DOUBLE(plugin_get_interval()) +
                                  settings->timeout,
                              &plugin_logger);
    return statefile != NULL;
}

static bool start_threads(void)
{
    const struct looper_work work = {sessions[0], session_turn, session_wake};
    bool notify = settings->notifications;

    workers = workers_new(LANES);
    if (notify)
        tell = tell_new();
    if (workers == NULL || (notify && tell == NULL))
        return false;
    crew = workers_crew(workers);
    collector =
        collector_new(settings, hypervisors, &crew, &images_local,
                      notify ? tell_teller(tell) : NULL, &plugin_logger);
    if (collector != NULL)
        ticker = ticker_new(pass, attend, NULL);
    if (ticker == NULL)
        return false;
    if (setup.sink != NULL)
        listener = looper_new("vb-events", &work);
    return setup.sink == NULL || listener != NULL;
}

/* NULL on success; else why the plugin can't start. */
static const char *prepare(void)
{
    silent = false;
    context = plugin_get_ctx();
    xmlInitParser();
    if (settings == NULL)
        settings = settings_new();
    if (settings == NULL)
        return "out of memory";
    if (settings->timeout == 0)
        settings->timeout = default_timeout();
    if (!emit_register_types())
        return "collectd refuses its types";
    if (!open_statefile())
        return "out of memory";
    if (!open_sessions())
        return "libvirt's library can't be set up";

    return start_threads() ? NULL : "no memory, or no thread to be had";
}

static int initialize(void)
{
    const char *reason = prepare();

    if (reason != NULL) {
        log_print(&plugin_logger, LOG_LEVEL_ERROR, "not started: %s", reason);
        release();
        return -1;
    }
    return plugin_register_complex_read(NULL, PLUGIN_NAME, read_all, 0, NULL);
}

void module_register(void);

void module_register(void)
{
    plugin_register_complex_config(PLUGIN_NAME, configure);
    plugin_register_init(PLUGIN_NAME, initialize);
    plugin_register_shutdown(PLUGIN_NAME, shut_down);
}
