/* SPDX-License-Identifier: MIT
 *
 * Connections that share a voice: what the log is told when they break and come
 * back, each by itself. libvirt is of paper here.
 */
#include "connection.h"
#include "fake_log.h"
#include "unit.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

struct _virConnect {
    bool alive;
};

static bool daemon_runs;
static unsigned refusals; /* of what is to write; ~0u: always */
static struct _virConnect handles[8];
static size_t opened;

virConnectPtr virConnectOpenReadOnly(const char *uri)
{
    (void)uri;
    if (!daemon_runs)
        return NULL;
    assert_true(opened < COUNT_OF(handles));
    handles[opened].alive = true;
    return &handles[opened++];
}

virConnectPtr virConnectOpen(const char *uri)
{
    if (refusals > 0) {
        refusals--;
        return NULL;
    }
    return virConnectOpenReadOnly(uri);
}

int virConnectClose(virConnectPtr conn)
{
    conn->alive = false;
    return 0;
}

int virConnectIsAlive(virConnectPtr conn)
{
    return conn->alive;
}

char *virConnectGetURI(virConnectPtr conn)
{
    (void)conn;
    return strdup("test:///default");
}

char *virConnectGetHostname(virConnectPtr conn)
{
    (void)conn;
    return strdup("host");
}

const char *virGetLastErrorMessage(void)
{
    return "no such file";
}

/* No events are asked for. */
void events_attach(struct events *events, virConnectPtr handle)
{
    (void)events;
    (void)handle;
}

void events_detach(struct events *events, virConnectPtr handle)
{
    (void)events;
    (void)handle;
}

/* --- two connections ----------------------------------------------------- */

static struct connection_voice *voice;
static struct connection *lanes[2];

static int start(void **state)
{
    (void)state;
    fake_log_reset();
    daemon_runs = true;
    refusals = 0;
    opened = 0;
    voice = connection_voice_new(&fake_log, "");
    for (size_t i = 0; i < COUNT_OF(lanes); i++)
        lanes[i] =
            connection_new("test:///default", "here", false, NULL, voice);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lanes); i++)
        connection_free(lanes[i]);
    connection_voice_free(voice);
    return 0;
}

/* A call on it: false where there is no connection, or it broke. */
static bool call(struct connection *lane)
{
    virConnectPtr handle = connection_get(lane);
    bool again;

    if (handle == NULL ||
        (!handle->alive && connection_broke(lane, "end of file", &again)))
        return false;
    connection_answered(lane);
    return true;
}

static void stop_daemon(void)
{
    daemon_runs = false;
    for (size_t i = 0; i < opened; i++)
        handles[i].alive = false;
}

static void an_outage_is_a_pair_of_lines(void **state)
{
    (void)state;
    assert_true(call(lanes[0]) && call(lanes[1]));
    assert_int_equal(fake_log_count(), 1);
    stop_daemon();
    for (unsigned i = 0; i < 3; i++)
        assert_false(call(lanes[0]) || call(lanes[1]));
    assert_int_equal(fake_log_count(), 2);
    daemon_runs = true;
    assert_true(call(lanes[0]) && call(lanes[1]));
    assert_int_equal(fake_log_count(), 3);
    assert_string_equal(fake_log_last(), "connected to test:///default");
}

/* One that was not used meanwhile finds out later that it is broken. */
static void an_old_connection_is_no_news(void **state)
{
    (void)state;
    assert_true(call(lanes[0]) && call(lanes[1]));
    stop_daemon();
    assert_false(call(lanes[0]));
    daemon_runs = true;
    assert_true(call(lanes[0]));
    assert_int_equal(fake_log_count(), 3);
    assert_false(call(lanes[1]));
    assert_true(call(lanes[1]));
    assert_int_equal(fake_log_count(), 3);
}

/* It alone broke before: that must not hide the next outage, which the other
 * one finds. */
static void an_outage_is_told_by_whoever_finds_it(void **state)
{
    (void)state;
    assert_true(call(lanes[0]) && call(lanes[1]));
    handles[1].alive = false;
    assert_false(call(lanes[1]));
    assert_true(call(lanes[1]));
    assert_int_equal(fake_log_count(), 3);
    assert_true(call(lanes[0]));
    stop_daemon();
    assert_false(call(lanes[0]));
    assert_int_equal(fake_log_count(), 4);
    daemon_runs = true;
    assert_true(call(lanes[0]));
    assert_int_equal(fake_log_count(), 5);
}

static struct connection *open_to_write(unsigned refused)
{
    refusals = refused;
    struct connection *writer =
        connection_new("test:///default", "here", true, NULL, voice);
    assert_non_null(connection_get(writer));
    return writer;
}

static void who_may_not_write_looks_on(void **state)
{
    (void)state;
    struct connection *writer = open_to_write(~0u);
    assert_false(connection_may_write(writer));
    assert_int_equal(fake_log_count(), 1);
    connection_free(writer);
}

/* The daemon came up between the two attempts: that is no refusal. */
static void a_daemon_that_comes_up_may_be_written_to(void **state)
{
    (void)state;
    struct connection *writer = open_to_write(1);
    assert_true(connection_may_write(writer));
    assert_int_equal(fake_log_count(), 0);
    connection_free(writer);
    /* The other one is closed. */
    assert_int_equal(opened, 2);
    assert_false(handles[0].alive || handles[1].alive);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_outage_is_a_pair_of_lines),
        TEST(an_old_connection_is_no_news),
        TEST(an_outage_is_told_by_whoever_finds_it),
        TEST(who_may_not_write_looks_on),
        TEST(a_daemon_that_comes_up_may_be_written_to),
    };

    return cmocka_run_group_tests_name("connection", tests, NULL, NULL) != 0;
}
