/* SPDX-License-Identifier: MIT */
#include "host.h"

#include "complain.h"
#include "images.h"
#include "job.h"
#include "session.h"
#include "threads.h"
#include "uuids.h"
#include "workers.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Between two passes of a whole read: at first, and at the most. An image is
 * read in a moment; who is busy may be so for long. */
#define PAUSE 0.02 /* seconds */
#define PAUSE_MOST 0.2

/* How long a read waits for a commit to write something: libvirt does not say
 * where it writes to, but offsets that rise do (figures.c). */
#define PATIENCE 1.0 /* seconds */

/* What a call has at the least, when a read before has taken all the time. */
#define MOMENT 0.3 /* seconds */

/* That a read has time for: where a QEMU hangs, one waits for it, the next
 * finds out who it is and asks the others, and the third is for what is late.
 */
#define PASSES 3

struct host {
    struct settings *settings;
    struct session_setup setup;
    /* The last one is for host_call(). */
    struct session *sessions[LANES + 1];
    struct hypervisor hypervisors[LANES + 1];
    struct workers *workers;
    struct crew crew;
    struct collector *collector;
    double until;  /* when the command's timeout is over */
    bool watching; /* then it has none: each reading has one of its own */
    bool hung;     /* a call has not come back */
    bool silent;   /* libvirt was asked in vain before anything was read */
};

/* What the library says by the way is of interest to a daemon. */
static void write_log(enum log_level level, const char *message)
{
    if (level != LOG_LEVEL_INFO)
        complain("%s", message);
}

static const struct log stderr_log = {write_log};

/* Names, and for the commands that take many domains expressions, too; that
 * those can be understood the command line has seen to. */
static bool select_domains(struct settings *settings,
                           const struct options *options, char *const *names,
                           size_t count)
{
    struct select_list *domains = &settings->select.domains;
    bool good = true;
    char reason[128];

    for (size_t i = 0; i < count && good; i++)
        good = options_take_many(options)
                   ? select_add(domains, names[i], reason, sizeof(reason))
                   : select_add_name(domains, names[i]);
    return good;
}

static bool select_pools(struct settings *settings,
                         const struct options *options)
{
    struct select_list *pools = &settings->select.pools;
    char reason[128];

    settings->volumes = options->volumes || options->command == COMMAND_VOL_XML;
    if (options->command == COMMAND_VOL_XML)
        return select_add_name(pools, options->arguments[0]);
    return !options->volumes ||
           select_add(pools, "/./", reason, sizeof(reason));
}

/* With no domain at all, and no other volume. */
static bool select_volume(struct settings *settings,
                          const struct options *options)
{
    char reason[128];

    if (options->command != COMMAND_VOL_XML)
        return true;
    settings->select.volume = options->arguments[1];
    return select_add(&settings->select.domains, "/^$/", reason,
                      sizeof(reason));
}

static struct settings *make_settings(const struct options *options)
{
    struct settings *settings = settings_new();

    if (settings == NULL)
        return NULL;
    settings->notifications = false;
    settings->inactive_domains = options->inactive ||
                                 options->command == COMMAND_XML ||
                                 options->command == COMMAND_EXPLAIN;
    settings->timeout = options->timeout / PASSES;
    settings->inactive_interval = 1;
    if ((options->connection == NULL ||
         text_replace(&settings->connection, options->connection)) &&
        select_pools(settings, options) && select_volume(settings, options))
        return settings;
    settings_free(settings);
    return NULL;
}

static bool open_sessions(struct host *host)
{
    static char hostname[256];

    if (gethostname(hostname, sizeof(hostname) - 1) != 0)
        strcpy(hostname, "localhost");
    host->setup = (struct session_setup){
        .uri = host->settings->connection,
        .select = &host->settings->select,
        .hostname = hostname,
        .outlook = "",
        .log = &stderr_log,
    };
    for (size_t i = 0; i <= LANES; i++) {
        host->sessions[i] =
            session_new(&host->setup, i > 0 ? host->sessions[0] : NULL);
        if (host->sessions[i] == NULL)
            return false;
        host->hypervisors[i] = session_hypervisor(host->sessions[i]);
    }
    return true;
}

static bool start(struct host *host)
{
    if (!open_sessions(host) || (host->workers = workers_new(LANES)) == NULL)
        return false;
    host->crew = workers_crew(host->workers);
    host->collector =
        collector_new(host->settings, host->hypervisors, &host->crew,
                      &images_local, NULL, &stderr_log);
    return host->collector != NULL;
}

/* As long as none is selected all can be asked for their UUIDs. */
static bool take_names(struct host *host, const struct options *options,
                       char **names, size_t count)
{
    host->silent = !uuids_replace(host, names, count);
    /* Who was left behind reads what is selected; nothing else will be. */
    return host->silent ||
           select_domains(host->settings, options, names, count);
}

struct host *host_open(const struct options *options, char **names,
                       size_t count)
{
    struct host *host = calloc(1, sizeof(*host));
    if (host == NULL)
        return NULL;

    xmlInitParser();
    host->until = threads_now() + options->timeout;
    host->watching = options->watch > 0;
    host->settings = make_settings(options);
    if (host->settings != NULL && start(host) &&
        take_names(host, options, names, count))
        return host;
    complain("not started: no memory, or no thread to be had");
    host_close(host);
    return NULL;
}

void host_stop(struct host *host)
{
    collector_stop(host->collector);
    workers_stop(host->workers);
}

void host_close(struct host *host)
{
    if (host == NULL)
        return;
    if (host->collector != NULL)
        collector_stop(host->collector);
    /* What was left behind may come back, and goes on with what it was given:
     * disks of the collector, too. */
    if (host->hung || !workers_free(host->workers) ||
        !collector_free(host->collector))
        return;
    for (size_t i = LANES + 1; i-- > 0;)
        session_free(host->sessions[i]);
    settings_free(host->settings);
    uuids_free();
    free(host);
    xmlCleanupParser();
}

/* --- reading ------------------------------------------------------------- */

static bool is_read(const struct disk *disk)
{
    for (size_t i = 0; i < disk->layer_count; i++)
        if (layer_is_being_read(&disk->layers[i]))
            return false;
    return true;
}

/* Its target, and so its headroom, is not known yet. */
static bool commits_somewhere(const struct disk *disk)
{
    return disk->job_fresh && disk->job.kind == JOB_COMMIT &&
           job_target(disk, JOB_COMMIT) == NULL;
}

/* It may be in the next pass: another client of libvirt is asking it just now,
 * or its answer is late. */
static bool may_be_sized(const struct domain *domain)
{
    return !host_is_sized(domain) && !domain->stuck && !domain->spared;
}

static bool is_whole(const struct domain *domain, bool patient)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        if (!is_read(&domain->disks[i]) ||
            (patient && commits_somewhere(&domain->disks[i])))
            return false;
    return true;
}

static bool all_whole(const struct inventory *inventory, bool patient)
{
    for (size_t i = 0; i < inventory->count; i++)
        if (may_be_sized(inventory->domains[i]) ||
            !is_whole(inventory->domains[i], patient))
            return false;
    for (size_t i = 0; i < inventory->pools->count; i++)
        if (!is_whole(&inventory->pools->pools[i]->volumes, false))
            return false;
    return true;
}

/* People look for names. */
static int compare_names(const void *one, const void *other)
{
    const struct domain *const *a = one;
    const struct domain *const *b = other;

    return strcmp((*a)->name, (*b)->name);
}

/* Whether a call to libvirt is under way. Where none is and there is no answer
 * either, the pass had none to wait for: libvirt refused. */
static bool is_waiting(const struct host *host)
{
    for (size_t i = 0; i < LANES; i++)
        if (!host->crew.is_idle(host->crew.context, i))
            return true;
    return false;
}

/* Whether another pass would tell no more. */
static bool is_done(const struct host *host, const struct inventory *inventory,
                    double since)
{
    if (inventory->answered)
        return all_whole(inventory, threads_now() < since + PATIENCE);
    return !is_waiting(host);
}

const struct inventory *host_read(struct host *host, bool whole)
{
    double begin = threads_now();
    double until =
        host->watching ? begin + PASSES * host->settings->timeout : host->until;
    double pause = PAUSE;

    if (host->silent)
        return NULL;
    const struct inventory *inventory = collector_read(host->collector);
    while (whole && threads_now() < until && !is_done(host, inventory, begin)) {
        usleep((useconds_t)(pause * 1e6));
        pause = pause < PAUSE_MOST / 2 ? 2 * pause : PAUSE_MOST;
        inventory = collector_read(host->collector);
    }
    if (!inventory->answered && is_waiting(host))
        complain("no answer within %.1f s: libvirt hangs, or a QEMU that it "
                 "waits for",
                 threads_now() - begin);
    if (!inventory->answered)
        return NULL;
    if (inventory->count > 0)
        qsort(inventory->domains, inventory->count, sizeof(struct domain *),
              compare_names);
    return inventory;
}

bool host_is_whole(const struct host *host, const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++)
        if (!host_is_sized(inventory->domains[i]))
            return false;
    return !is_waiting(host) && all_whole(inventory, false);
}

bool host_is_sized(const struct domain *domain)
{
    return domain->id == DOMAIN_OFF || domain->sized;
}

const struct domain *host_find_domain(const struct inventory *inventory,
                                      const char *name)
{
    for (size_t i = 0; i < inventory->count; i++) {
        const struct domain *domain = inventory->domains[i];
        if (strcmp(domain->name, name) == 0)
            return domain;
    }
    return NULL;
}

/* --- calls --------------------------------------------------------------- */

struct call {
    const struct hypervisor *hypervisor;
    void (*work)(const struct hypervisor *hypervisor, void *job);
    void *job;
};

static void make_call(void *context)
{
    const struct call *call = context;

    call->work(call->hypervisor, call->job);
}

bool host_call(struct host *host,
               void (*work)(const struct hypervisor *hypervisor, void *job),
               void *job, const char *silence)
{
    /* Must last as long as the thread. */
    static struct call call;
    double until = threads_now() + MOMENT;

    call = (struct call){&host->hypervisors[LANES], work, job};
    if (workers_try(make_call, &call,
                    until < host->until ? host->until : until))
        return true;
    complain("%s", silence);
    host->hung = true;
    return false;
}

struct visit {
    const char *name; /* NULL: all */
    host_visit visit;
    void *job;
    bool answered;
    bool found;
    const struct hypervisor *hypervisor;
};

static void visit_domain(void *context, const struct domain_ref *ref,
                         const struct blockstats *stats)
{
    struct visit *visit = context;

    (void)stats;
    if (visit->name != NULL &&
        (visit->found || strcmp(ref->name, visit->name) != 0))
        return;
    visit->found = true;
    visit->visit(visit->hypervisor, ref, visit->job);
}

static bool want_none(void *context, const struct domain_ref *ref,
                      size_t *ret_records)
{
    (void)context;
    (void)ref;
    *ret_records = 0;
    return false;
}

static void find_domain(const struct hypervisor *hypervisor, void *job)
{
    const struct ask ask = {.inactive = true, .wants = want_none};
    struct visit *visit = job;

    visit->hypervisor = hypervisor;
    visit->answered =
        hypervisor->read(hypervisor->context, &ask, visit_domain, visit);
}

/* In use for ever where libvirt does not answer. */
static struct visit call_of_domains;

static bool visit_domains(struct host *host, const char *name, host_visit visit,
                          void *job)
{
    call_of_domains = (struct visit){.name = name, .visit = visit, .job = job};
    return host_call(host, find_domain, &call_of_domains,
                     "libvirt does not answer") &&
           call_of_domains.answered;
}

bool host_call_domains(struct host *host, host_visit visit, void *job)
{
    return visit_domains(host, NULL, visit, job);
}

bool host_call_domain(struct host *host, const char *name, host_visit visit,
                      void *job)
{
    if (!visit_domains(host, name, visit, job))
        return false;
    if (!call_of_domains.found)
        complain("no domain \"%s\"", name);
    return call_of_domains.found;
}
