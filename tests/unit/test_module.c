/* SPDX-License-Identifier: MIT
 *
 * The plugin as collectd drives it: register, configure, init, read, shutdown.
 * Collectd is on paper, and so are the sessions (session.h).
 */
#include "fake_collectd.h"
#include "fake_hypervisor.h"
#include "lanes.h"
#include "session.h"
#include "threads.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void module_register(void);

/* --- the sessions -------------------------------------------------------- */

struct session {
    const struct log *log;
    const struct session *sibling;
};

static struct {
    char uri[64];
    char hostname[64];
    struct session sessions[LANES];
    unsigned made;
    unsigned refused; /* the one that can't be made; 0: none */
    unsigned open;    /* sessions that were made and not freed */
    bool writes;
    bool old; /* as a libvirt whose events may not be listened to */
    const struct event_sink *sink; /* NULL: none, or muted */
    bool turning;                  /* somebody turns the event loop */
    bool woken;
    /* One a session: they are used side by side. As long as nothing hangs only
     * the first is. */
    struct fake_hypervisor hypervisors[LANES];
    bool stuck;    /* who reads the domains hangs ... */
    unsigned hung; /* ... and these do */
    pthread_mutex_t lock;
    pthread_cond_t changed;
} fake = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
};

struct session *session_new(const struct session_setup *setup,
                            const struct session *sibling)
{
    assert_non_null(setup->select);
    assert_true(fake.made < COUNT_OF(fake.sessions));
    snprintf(fake.uri, sizeof(fake.uri), "%s",
             setup->uri != NULL ? setup->uri : "default");
    snprintf(fake.hostname, sizeof(fake.hostname), "%s", setup->hostname);
    fake.writes = setup->writes;
    fake.sink = setup->sink;
    if (fake.made + 1 == fake.refused)
        return NULL;
    fake.open++;
    fake.sessions[fake.made] = (struct session){setup->log, sibling};
    return &fake.sessions[fake.made++];
}

bool session_can_listen(void)
{
    return !fake.old;
}

void session_mute(struct session *session)
{
    assert_ptr_equal(session, &fake.sessions[0]);
    pthread_mutex_lock(&fake.lock);
    fake.sink = NULL;
    pthread_mutex_unlock(&fake.lock);
}

/* Nothing ever happens in that loop until it is woken. */
void session_turn(void *session)
{
    assert_ptr_equal(session, &fake.sessions[0]);
    pthread_mutex_lock(&fake.lock);
    fake.turning = true;
    while (!fake.woken)
        pthread_cond_wait(&fake.changed, &fake.lock);
    pthread_mutex_unlock(&fake.lock);
}

void session_wake(void *session)
{
    assert_ptr_equal(session, &fake.sessions[0]);
    pthread_mutex_lock(&fake.lock);
    fake.woken = true;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

/* Who hung has something to say when he returns, as a session may have at any
 * time. */
static void hang(void)
{
    pthread_mutex_lock(&fake.lock);
    if (fake.stuck) {
        fake.hung++;
        while (fake.stuck)
            pthread_cond_wait(&fake.changed, &fake.lock);
        log_print(fake.sessions[0].log, LOG_LEVEL_INFO, "late");
        fake.hung--;
        pthread_cond_broadcast(&fake.changed);
    }
    pthread_mutex_unlock(&fake.lock);
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    hang();
    fake.open--;
}

static void set_stuck(bool stuck)
{
    pthread_mutex_lock(&fake.lock);
    fake.stuck = stuck;
    pthread_cond_broadcast(&fake.changed);
    while (!stuck && fake.hung > 0)
        pthread_cond_wait(&fake.changed, &fake.lock);
    pthread_mutex_unlock(&fake.lock);
}

static unsigned count_hung(void)
{
    pthread_mutex_lock(&fake.lock);
    unsigned count = fake.hung;
    pthread_mutex_unlock(&fake.lock);
    return count;
}

static atomic_uint reads; /* by whichever thread */

static bool read_domains(void *context, const struct ask *ask,
                         hypervisor_visit visit, void *visit_context)
{
    reads++;
    hang();
    return fake_table(context).read(context, ask, visit, visit_context);
}

struct hypervisor session_hypervisor(struct session *session)
{
    struct hypervisor table =
        fake_table(&fake.hypervisors[session - fake.sessions]);

    table.read = read_domains;
    return table;
}

#define PATIENCE 6000 /* hundredths of a second, for what does not hang */

#define AWAIT(condition)                                                       \
    for (unsigned i_ = 0; i_ < PATIENCE && !(condition); i_++)                 \
    usleep(10000)

/* --- driving ------------------------------------------------------------- */

static int start(void **state)
{
    (void)state;
    fake_collectd_reset();
    for (size_t i = 0; i < LANES; i++)
        fake_start(&fake.hypervisors[i], 1);
    fake.old = false;
    fake.made = 0;
    fake.refused = 0;
    fake.turning = false;
    fake.woken = false;
    fake_callbacks = (struct fake_callbacks){.name = NULL};
    module_register();
    return 0;
}

/* What was left open is closed, so that no test depends on another. */
static int stop(void **state)
{
    (void)state;
    int result = fake_callbacks.shutdown();
    for (size_t i = 0; i < LANES; i++)
        fake_stop(&fake.hypervisors[i]);
    return fake.open == 0 ? result : -1;
}

static int read_once(void)
{
    user_data_t nothing = {.data = NULL};

    fake_collectd_forget_values();
    return fake_callbacks.read(&nothing);
}

/* The same, and waits for the end of the pass: a slow machine takes longer for
 * it than collectd waits. */
static void read_whole(void)
{
    assert_int_equal(read_once(), 0);
    AWAIT(fake_collectd_value("host/virt_backing/duration-read") >= 0);
    assert_true(fake_collectd_value("host/virt_backing/duration-read") >= 0);
}

static void registers_before_and_in_init(void **state)
{
    (void)state;
    assert_string_equal(fake_callbacks.name, "virt_backing");
    assert_non_null(fake_callbacks.config);
    assert_non_null(fake_callbacks.init);
    assert_non_null(fake_callbacks.shutdown);
    assert_null(fake_callbacks.read);
    assert_int_equal(fake.open, 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_non_null(fake_callbacks.read);
}

static void works_without_a_block(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    assert_string_equal(fake.uri, "default");
    assert_string_equal(fake.hostname, "this-host");
    assert_int_equal(fake.open, LANES);
    read_whole();
    assert_true(fake_collectd_value("host/virt_backing/count-domains") == 0);
    assert_true(fake_collectd_value("host/virt_backing/count-stalled") == 0);
    assert_true(fake_collectd_value("host/virt_backing/count-calls") == 1);
    assert_true(fake_collectd_value("host/virt_backing/duration-read") >= 0);
    assert_true(fake_collectd_registered() > 0);
}

/* Each lane has a connection of its own, and all of them one voice. */
static void sessions_are_siblings(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    assert_int_equal(fake.made, LANES);
    assert_null(fake.sessions[0].sibling);
    for (size_t i = 1; i < LANES; i++)
        assert_ptr_equal(fake.sessions[i].sibling, &fake.sessions[0]);
}

/* <LoadPlugin> may give the plugin an interval of its own, which collectd knows
 * in its own threads. */
static void interval_is_that_of_the_plugin(void **state)
{
    (void)state;
    plugin_set_ctx((plugin_ctx_t){.interval = TIME_T_TO_CDTIME_T(77)});
    assert_int_equal(fake_callbacks.init(), 0);
    read_whole();
    assert_true(fake_collectd_count() > 0);
    assert_true(fake_collectd_interval() == TIME_T_TO_CDTIME_T(77));
}

static void settings_reach_the_session_and_the_names(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};
    struct fake_domain *domain = &fake.hypervisors[0].domains[0];

    (void)state;
    fake_config_text(&config, "Connection", "test:///default");
    fake_config_text(&config, "LayerFormat", "index");
    assert_int_equal(fake_callbacks.config(&config.block), 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_string_equal(fake.uri, "test:///default");

    domain->name = "vm1";
    domain->xml = "<domain><devices><disk type='network'>"
                  "<driver type='raw'/><source index='7'/>"
                  "<target dev='vda'/></disk></devices></domain>";
    fake_state(domain, "block.count=1\nblock.0.name=vda\n"
                       "block.0.backingIndex=7\nblock.0.capacity=4096\n");
    read_whole();
    assert_true(fake_collectd_value(
                    "vm1/virt_backing-vda/disk_capacity-index7") == 4096);
}

/* Two blocks add up. */
static void blocks_add_up(void **state)
{
    struct fake_config one = {.block = {.children_num = 0}};
    struct fake_config two = {.block = {.children_num = 0}};

    (void)state;
    fake_config_text(&one, "Connection", "test:///default");
    fake_config_text(&two, "LayerFormat", "index");
    assert_int_equal(fake_callbacks.config(&one.block), 0);
    assert_int_equal(fake_callbacks.config(&two.block), 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_string_equal(fake.uri, "test:///default");
}

/* Collectd would stop reading for ever longer times. */
static void read_never_fails(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    fake.hypervisors[0].silent = true;
    fake.hypervisors[0].hostname = NULL;
    assert_int_equal(read_once(), 0);
    assert_int_equal(fake_collectd_count(), 0);
    fake.hypervisors[0].silent = false;
    fake.hypervisors[0].hostname = "host";
    read_whole();
    assert_int_equal(fake_collectd_count(), 8);
    /* Whose answer fails to come is known now. */
    fake.hypervisors[0].silent = true;
    assert_int_equal(read_once(), 0);
    assert_int_equal(fake_collectd_count(), 2);
    fake.hypervisors[0].hostname = NULL;
    assert_int_equal(read_once(), 0);
    assert_int_equal(fake_collectd_count(), 2);
}

/* --- events -------------------------------------------------------------- */

static void configure(const char *option, const char *value)
{
    struct fake_config config = {.block = {.children_num = 0}};

    fake_config_text(&config, option, value);
    assert_int_equal(fake_callbacks.config(&config.block), 0);
}

/* Only who is to arm thresholds may write. */
static void connections_are_read_only_without_watermarks(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    assert_false(fake.writes);
    assert_non_null(fake.sink);
}

static void watermarks_want_to_write(void **state)
{
    (void)state;
    configure("WatermarkFree", "1G");
    assert_int_equal(fake_callbacks.init(), 0);
    assert_true(fake.writes);
}

static void without_notifications_nobody_listens(void **state)
{
    (void)state;
    configure("WatermarkPercent", "20");
    configure("Notifications", "false");
    assert_int_equal(fake_callbacks.init(), 0);
    assert_false(fake.writes);
    assert_null(fake.sink);
    assert_int_equal(read_once(), 0);
    assert_false(fake.turning);
}

static void start_domain(struct fake_domain *domain, const char *name)
{
    domain->name = name;
    domain->xml = "<domain><devices><disk type='block'>"
                  "<driver type='qcow2'/><source dev='/dev/none' index='7'/>"
                  "<target dev='vda'/><alias name='virtio-disk0'/></disk>"
                  "</devices></domain>";
    fake_state(domain, "state.state=1\nstate.reason=1\nblock.count=1\n"
                       "block.0.name=vda\nblock.0.path=/dev/none\n"
                       "block.0.backingIndex=7\nblock.0.capacity=4096\n"
                       "block.0.physical=8192\nblock.0.allocation=512\n");
}

/* One domain is known, by one read. */
static void read_one_domain(void)
{
    start_domain(&fake.hypervisors[0].domains[0], "vm1");
    assert_int_equal(fake_callbacks.init(), 0);
    read_whole();
}

/* What libvirt tells is passed on at once, between two reads. */
static void an_event_becomes_a_notification(void **state)
{
    struct event event = {.kind = EVENT_IO_ERROR,
                          .device = "virtio-disk0",
                          .path = "/dev/none",
                          .reason = "enospc",
                          .paused = true};

    (void)state;
    event.uuid[UUID_BYTES - 1] = 1;
    read_one_domain();
    fake.sink->take(fake.sink->context, &event);
    fake.sink->take(fake.sink->context, &event);
    AWAIT(fake_collectd_notifications() > 0);
    usleep(50000);
    assert_int_equal(fake_collectd_notifications(), 1);
    assert_int_equal(fake_collectd_notification_severity(0), NOTIF_FAILURE);
    assert_string_equal(fake_collectd_notification_name(0),
                        "vm1/virt_backing-vda/count-errors");
    assert_string_equal(fake_collectd_notification_message(0),
                        "vm1 is paused: vda layer0 (vda[7], /dev/none): no "
                        "space left. Make room, then resume it");
    assert_string_equal(fake_collectd_notification_metadata(0),
                        " path=/dev/none index=7 format=qcow2 bytes=0");
}

/* The one pass that an interval has for what is of interest has been used. */
static void what_is_wrong_is_not_put_off_to_the_next_read(void **state)
{
    struct event event = {.kind = EVENT_STARTED};
    unsigned before = reads;

    (void)state;
    event.uuid[UUID_BYTES - 1] = 1;
    read_one_domain();
    fake.sink->take(fake.sink->context, &event);
    AWAIT(reads >= before + 2);
    event = (struct event){
        .kind = EVENT_IO_ERROR, .device = "virtio-disk0", .path = "/dev/none"};
    event.uuid[UUID_BYTES - 1] = 1;
    fake.sink->take(fake.sink->context, &event);
    AWAIT(fake_collectd_notifications() > 0);
    assert_int_equal(fake_collectd_notifications(), 1);
    assert_string_equal(fake_collectd_notification_message(0),
                        "vm1 runs on, but its guest was told: vda layer0 "
                        "(vda[7], /dev/none): I/O error");
}

/* Of as many domains, each with an event of its own, told by four threads. */
#define CROWD 1000

static void *fail_quarter(void *first)
{
    struct event event = {.kind = EVENT_IO_ERROR,
                          .device = "virtio-disk0",
                          .path = "/dev/none",
                          .reason = "enospc",
                          .paused = true};

    for (size_t i = *(size_t *)first; i < CROWD; i += 4) {
        struct domain_ref ref = fake_ref(&fake.hypervisors[0].domains[i]);
        memcpy(event.uuid, ref.uuid, UUID_BYTES);
        fake.sink->take(fake.sink->context, &event);
        fake.sink->take(fake.sink->context, &event);
    }
    return NULL;
}

static void open_crowd(void)
{
    static char names[CROWD][24];

    fake_stop(&fake.hypervisors[0]);
    fake_start(&fake.hypervisors[0], CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        snprintf(names[i], sizeof(names[i]), "vm%zu", i);
        start_domain(&fake.hypervisors[0].domains[i], names[i]);
    }
    assert_int_equal(fake_callbacks.init(), 0);
    assert_int_equal(read_once(), 0);
}

/* "a thousand VMs failing at once give a thousand notifications and no more" */
static void a_thousand_events_become_a_thousand(void **state)
{
    static const size_t firsts[] = {0, 1, 2, 3};
    pthread_t threads[COUNT_OF(firsts)];

    (void)state;
    open_crowd();
    for (size_t i = 0; i < COUNT_OF(firsts); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fail_quarter,
                                        (void *)(uintptr_t)&firsts[i]),
                         0);
    for (size_t i = 0; i < COUNT_OF(firsts); i++)
        pthread_join(threads[i], NULL);
    AWAIT(fake_collectd_notifications() >= CROWD);
    usleep(50000);
    assert_int_equal(fake_collectd_notifications(), CROWD);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(fake_collectd_notification_severity(i), NOTIF_FAILURE);
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 0);
}

/* --- what hangs ---------------------------------------------------------- */

static void start_with_timeout(const char *timeout)
{
    struct fake_config config = {.block = {.children_num = 0}};

    fake_config_text(&config, "Timeout", timeout);
    assert_int_equal(fake_callbacks.config(&config.block), 0);
    assert_int_equal(fake_callbacks.init(), 0);
}

/* Lets what hangs go on, and reads until there is an answer, and a little
 * longer: a shutdown would leave behind a thread that is on its way back. */
static void assert_recovers(void)
{
    static const char domains[] = "host/virt_backing/count-domains";

    set_stuck(false);
    for (unsigned i = 0; i < 100 && fake_collectd_value(domains) < 0; i++)
        assert_int_equal(read_once(), 0);
    for (unsigned i = 0; i < 5; i++) {
        usleep(20000);
        assert_int_equal(read_once(), 0);
    }
    assert_true(fake_collectd_value(domains) == 0);
}

/* Nor does the read of a thread of collectd's last as long as Timeout says. */
static void read_is_never_held_up(void **state)
{
    double begin = threads_now();

    (void)state;
    start_with_timeout("3600");
    set_stuck(true);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(read_once(), 0);
        assert_int_equal(fake_collectd_count(), 0);
    }
    assert_true(threads_now() - begin >= 3);
    assert_true(threads_now() - begin < 60);
    assert_recovers();
}

/* Ten times, of which none takes the second that it would otherwise. */
static void read_waits_no_longer_than_the_timeout(void **state)
{
    double begin = threads_now();

    (void)state;
    start_with_timeout("0.1");
    set_stuck(true);
    assert_int_equal(read_once(), 0);
    assert_true(threads_now() - begin >= 0.1);
    for (unsigned i = 1; i < 10; i++)
        assert_int_equal(read_once(), 0);
    assert_true(threads_now() - begin < 8);
    assert_recovers();
}

/* In a process of its own, which ends by a signal: what a thread that hangs
 * holds is never freed, and no tool for memory is to count it. */
static void shut_down_while_stuck(int result)
{
    double begin = threads_now();

    start_with_timeout("3600");
    set_stuck(true);
    read_once();
    AWAIT(count_hung() > 0);
    bool good = fake_callbacks.shutdown() == 0 && threads_now() - begin < 60;

    /* The thread comes back, to its session, and has something to say. */
    good = good && count_hung() > 0 && fake.open == LANES;
    set_stuck(false);
    for (int severity = 0; severity <= LOG_DEBUG; severity++)
        good = good && fake_collectd_log_count(severity) == 0;
    good = good && write(result, "+", 1) == 1;
    kill(getpid(), SIGKILL);
}

/* libvirtd has frozen since the last read. */
static void shut_down_when_closing_hangs(int result)
{
    double begin = threads_now();

    fake_callbacks.init();
    read_once();
    set_stuck(true);
    bool good = fake_callbacks.shutdown() == 0 && threads_now() - begin < 60;

    AWAIT(count_hung() > 0);
    good = good && count_hung() == 1 && fake.open == LANES;
    set_stuck(false);
    good = good && fake_callbacks.shutdown() == 0;
    good = good && write(result, "+", 1) == 1;
    kill(getpid(), SIGKILL);
}

static void assert_good_in_a_process(void (*work)(int result))
{
    int ends[2];
    char result = '-';

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(120);
        work(ends[1]);
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &result, 1), 1);
    assert_int_equal(result, '+');
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
}

static void shutdown_leaves_behind_what_hangs(void **state)
{
    (void)state;
    assert_good_in_a_process(shut_down_while_stuck);
    assert_good_in_a_process(shut_down_when_closing_hangs);
}

/* Nobody may turn the event loop beside another plugin there. */
static void an_old_libvirt_is_polled(void **state)
{
    (void)state;
    fake.old = true;
    assert_int_equal(fake_callbacks.init(), 0);
    assert_null(fake.sink);
    read_whole();
    assert_false(fake.turning);
    assert_int_equal(fake_collectd_log_count(LOG_WARNING), 1);
}

/* --- the rest ------------------------------------------------------------ */

static void severities_are_those_of_collectd(void **state)
{
    struct fake_domain *domain = &fake.hypervisors[0].domains[0];

    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    domain->name = "vm1";
    domain->xml = "not XML";
    fake_state(domain, "block.count=0");
    read_whole();
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 1);
    assert_memory_equal(fake_collectd_log_last(), "virt_backing: ", 14);
    assert_non_null(strstr(fake_collectd_log_last(), "vm1"));
}

static void shutdown_frees_and_can_be_repeated(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.shutdown(), 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_int_equal(fake.open, LANES);
    assert_int_equal(fake_callbacks.shutdown(), 0);
    assert_int_equal(fake.open, 0);
    assert_int_equal(fake_callbacks.shutdown(), 0);
    assert_int_equal(fake.open, 0);
}

static void types_that_are_refused_stop_it(void **state)
{
    (void)state;
    fake_collectd_refuse_types();
    assert_int_not_equal(fake_callbacks.init(), 0);
    assert_null(fake_callbacks.read);
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 1);
}

static void session_that_is_refused_stops_it(void **state)
{
    (void)state;
    fake.refused = LANES;
    assert_int_not_equal(fake_callbacks.init(), 0);
    assert_null(fake_callbacks.read);
    assert_int_equal(fake.open, 0);
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 1);
}

/* Collectd does not start then, and shuts down what it has loaded. */
static void mistake_in_the_configuration_is_a_failure(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};

    (void)state;
    fake_config_text(&config, "LayerFormat", "widths");
    assert_int_not_equal(fake_callbacks.config(&config.block), 0);
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 1);
    assert_non_null(strstr(fake_collectd_log_last(), "LayerFormat"));
    assert_non_null(strstr(fake_collectd_log_last(), "\"widths\""));
    assert_null(fake_callbacks.read);
    assert_int_equal(fake.open, 0);
}

#define DRIVEN(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRIVEN(registers_before_and_in_init),
        DRIVEN(works_without_a_block),
        DRIVEN(sessions_are_siblings),
        DRIVEN(interval_is_that_of_the_plugin),
        DRIVEN(settings_reach_the_session_and_the_names),
        DRIVEN(blocks_add_up),
        DRIVEN(read_never_fails),
        DRIVEN(connections_are_read_only_without_watermarks),
        DRIVEN(watermarks_want_to_write),
        DRIVEN(without_notifications_nobody_listens),
        DRIVEN(an_event_becomes_a_notification),
        DRIVEN(what_is_wrong_is_not_put_off_to_the_next_read),
        DRIVEN(a_thousand_events_become_a_thousand),
        DRIVEN(read_is_never_held_up),
        DRIVEN(read_waits_no_longer_than_the_timeout),
        DRIVEN(shutdown_leaves_behind_what_hangs),
        DRIVEN(an_old_libvirt_is_polled),
        DRIVEN(severities_are_those_of_collectd),
        DRIVEN(shutdown_frees_and_can_be_repeated),
        DRIVEN(types_that_are_refused_stop_it),
        DRIVEN(session_that_is_refused_stops_it),
        DRIVEN(mistake_in_the_configuration_is_a_failure),
    };

    return cmocka_run_group_tests_name("module", tests, NULL, NULL) != 0;
}
