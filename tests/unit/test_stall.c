/* SPDX-License-Identifier: MIT
 *
 * Domains that do not answer, and those that share a storage with one. Who is
 * asked when is test_asker.c's.
 */
#include "fake_log.h"
#include "stall.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* --- a roster of domains whose layers lie on numbered places ------------- */

static struct roster roster;
static struct stall stall;

static int clear(void **state)
{
    (void)state;
    stall_end(&stall);
    stall = (struct stall){.roster = &roster, .log = &fake_log};
    roster_clear(&roster);
    fake_log_reset();
    return 0;
}

static struct layer *add_layer(struct roster_entry *entry, const char *target,
                               uint64_t place)
{
    struct disk *disk = domain_add_disk(&entry->domain, target);
    assert_non_null(disk);
    struct layer *layer = disk_add_layer(disk);
    assert_non_null(layer);
    layer->storage = STORAGE_FILE;
    layer->place = place;
    return layer;
}

/* "vm7", with one layer on `place` and one on `other`; 0: it has none. */
static struct roster_entry *add(unsigned char number, uint64_t place,
                                uint64_t other)
{
    const unsigned char uuid[UUID_BYTES] = {[UUID_BYTES - 1] = number};
    struct roster_entry *entry = roster_get(&roster, uuid);
    char name[16];

    assert_non_null(entry);
    snprintf(name, sizeof(name), "vm%u", number);
    assert_true(text_replace(&entry->domain.name, name));
    entry->run = number;
    if (place != 0)
        assert_true(text_replace(&add_layer(entry, "vda", place)->path, "/a"));
    if (other != 0)
        assert_true(text_replace(&add_layer(entry, "vdb", other)->path, "/b"));
    return entry;
}

static void blame(struct roster_entry *entry)
{
    stall_blame(&stall, entry, 100);
}

static void forgive(struct roster_entry *entry)
{
    stall_clear(&stall, entry);
}

static bool is_well(const struct roster_entry *entry)
{
    return !entry->stuck && !entry->suspect;
}

/* --- who is stuck, and who is suspect ------------------------------------ */

static void those_on_the_same_storage_are_suspects(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 20);
    struct roster_entry *on_first = add(2, 10, 0);
    struct roster_entry *on_second = add(3, 30, 20);
    struct roster_entry *elsewhere = add(4, 30, 40);
    struct roster_entry *nowhere = add(5, 0, 0);

    blame(culprit);
    assert_true(culprit->stuck);
    assert_false(culprit->suspect);
    assert_true(on_first->suspect && !on_first->stuck);
    assert_true(on_second->suspect && !on_second->stuck);
    /* vm4 shares a storage with a suspect, and that is not enough. */
    assert_true(is_well(elsewhere));
    assert_true(is_well(nowhere));
}

/* Nobody hangs on a domain that does not run. */
static void domains_that_are_off_are_no_suspects(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 0);
    struct roster_entry *off = add(2, 10, 0);

    off->run = DOMAIN_OFF;
    blame(culprit);
    assert_true(is_well(off));
}

/* Of a place that is not known it is not known who shares it. */
static void unknown_places_make_no_suspects(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 0, 0);
    struct roster_entry *other = add(2, 0, 0);

    add_layer(culprit, "vda", 0);
    add_layer(other, "vda", 0);
    blame(culprit);
    assert_true(culprit->stuck);
    assert_true(is_well(other));
}

static void suspect_that_is_blamed_is_stuck(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 0);
    struct roster_entry *other = add(2, 10, 20);
    struct roster_entry *third = add(3, 20, 0);

    blame(culprit);
    assert_true(other->suspect);
    assert_true(is_well(third));
    blame(other);
    assert_true(other->stuck);
    assert_false(other->suspect);
    assert_true(culprit->stuck && !culprit->suspect);
    /* The storage that is bad already explains it: the other one need not be.
     */
    assert_true(is_well(third));
}

/* --- who is cleared ------------------------------------------------------ */

static void who_answers_is_neither(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 0);
    struct roster_entry *other = add(2, 10, 0);

    blame(culprit);
    forgive(culprit);
    assert_true(is_well(culprit));
    assert_true(is_well(other));
}

/* That the storage answers clears who was suspected for it, and not who has
 * been seen to hang: that may have another reason. */
static void a_suspect_that_answers_clears_suspects(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 0);
    struct roster_entry *tried = add(2, 10, 0);
    struct roster_entry *other = add(3, 10, 0);

    blame(culprit);
    forgive(tried);
    assert_true(is_well(tried));
    assert_true(is_well(other));
    assert_true(culprit->stuck);
}

static void suspects_of_another_storage_stay(void **state)
{
    (void)state;
    struct roster_entry *first = add(1, 10, 0);
    struct roster_entry *second = add(2, 20, 0);
    struct roster_entry *on_first = add(3, 10, 0);
    struct roster_entry *on_second = add(4, 20, 0);

    blame(first);
    blame(second);
    forgive(on_first);
    assert_true(is_well(on_first));
    assert_true(on_second->suspect);
    forgive(second);
    assert_true(is_well(on_second));
    assert_true(first->stuck);
}

/* All are made from one base image: that the base answers says nothing of the
 * storage that the culprit has beside it. */
static void a_common_base_clears_nobody_of_the_rest(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 99);
    struct roster_entry *beside_it = add(2, 10, 99);
    struct roster_entry *elsewhere = add(3, 20, 99);
    struct roster_entry *elsewhere_too = add(4, 20, 99);

    blame(culprit);
    forgive(elsewhere);
    assert_true(is_well(elsewhere));
    assert_true(is_well(elsewhere_too));
    assert_true(beside_it->suspect);
    forgive(beside_it);
    assert_true(is_well(beside_it));
}

/* Layouts change: a disk is moved to another storage, or a domain is new. */
static void suspects_are_found_anew(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 0);
    struct roster_entry *moves_away = add(2, 10, 0);
    struct roster_entry *moves_there = add(3, 20, 0);

    blame(culprit);
    assert_int_equal(stall.count, 2);
    moves_away->domain.disks[0].layers[0].place = 20;
    moves_there->domain.disks[0].layers[0].place = 10;
    struct roster_entry *newcomer = add(4, 10, 0);
    stall_review(&stall);
    assert_true(is_well(moves_away));
    assert_true(moves_there->suspect);
    assert_true(newcomer->suspect);
    assert_true(culprit->stuck && !culprit->suspect);
    assert_int_equal(stall.count, 3);
    moves_there->run = DOMAIN_OFF;
    stall_review(&stall);
    assert_true(is_well(moves_there));
}

/* Its storage is bad until somebody answers from there. */
static void suspects_outlive_the_culprit(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 0);
    struct roster_entry *first = add(2, 10, 0);
    struct roster_entry *second = add(3, 10, 0);

    first->pass = second->pass = 7;
    blame(culprit);
    assert_true(roster_sweep(&roster, 7, false));
    stall_review(&stall);
    assert_true(first->suspect && second->suspect);
    assert_int_equal(stall.count, 2);
    forgive(first);
    assert_true(is_well(first) && is_well(second));
    assert_int_equal(stall.count, 0);
}

/* In a steady state everybody answers all the time. */
static void who_is_well_clears_nobody(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 0);
    struct roster_entry *suspect = add(2, 10, 0);
    struct roster_entry *bystander = add(3, 20, 0);

    blame(culprit);
    forgive(bystander);
    assert_true(culprit->stuck);
    assert_true(suspect->suspect);
    assert_int_equal(fake_log_count(), 1);
}

/* --- what the log is told ------------------------------------------------ */

static void one_line_each_time(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(1, 10, 20);
    struct roster_entry *other = add(2, 10, 0);

    add(3, 20, 0);
    for (size_t i = 0; i < 3; i++) {
        blame(culprit);
        blame(culprit);
        assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), i + 1);
        assert_string_equal(
            fake_log_last(),
            "domain \"vm1\" does not answer: vda on /a, vdb on /b; others on "
            "the same storage, to be asked once one of them has answered: 2");
        forgive(culprit);
        forgive(culprit);
        assert_int_equal(fake_log_count_of(LOG_LEVEL_INFO), i + 1);
        assert_string_equal(fake_log_last(), "domain \"vm1\" answers again");
    }
    /* That somebody is suspect, and no longer is, is not worth a line. */
    blame(culprit);
    fake_log_reset();
    forgive(other);
    assert_int_equal(fake_log_count(), 0);
}

/* That has to do with this domain's storage, and no other. */
static void others_on_its_storage_are_counted(void **state)
{
    (void)state;
    struct roster_entry *first = add(1, 10, 0);
    struct roster_entry *second = add(2, 20, 0);

    for (unsigned char i = 3; i <= 20; i++)
        add(i, 10, 0);
    add(21, 20, 0);
    blame(first);
    assert_non_null(strstr(fake_log_last(), "has answered: 18"));
    blame(second);
    assert_non_null(strstr(fake_log_last(), "has answered: 1"));
    assert_null(strstr(fake_log_last(), "has answered: 19"));
}

/* By what a user calls it: a path, a server, a pool. */
static void storage_is_named(void **state)
{
    (void)state;
    struct roster_entry *entry = add(1, 0, 0);
    struct layer *layer = add_layer(entry, "vda", 1);
    assert_true(text_replace(&layer->path, "/images/a.qcow2"));
    layer = add_layer(entry, "vdb", 2);
    layer->storage = STORAGE_NETWORK;
    assert_true(text_replace(&layer->server, "ceph1.example"));
    layer = add_layer(entry, "vdc", 3);
    layer->storage = STORAGE_VOLUME;
    assert_true(text_replace(&layer->pool, "tank"));
    layer = add_layer(entry, "vdd", 0);
    layer->storage = STORAGE_NETWORK;
    /* An empty drive lies nowhere. */
    assert_non_null(domain_add_disk(&entry->domain, "sda"));

    blame(entry);
    assert_non_null(strstr(fake_log_last(),
                           "vda on /images/a.qcow2, vdb on ceph1.example, "
                           "vdc on tank, vdd on network; "));
    assert_null(strstr(fake_log_last(), "sda"));
}

static void without_a_disk_nothing_is_named(void **state)
{
    (void)state;
    blame(add(1, 0, 0));
    assert_int_equal(fake_log_count(), 1);
    assert_non_null(strstr(fake_log_last(), "\"vm1\" does not answer"));
}

/* A line is of use as long as one can read it. Empty drives do not count, nor
 * do they hide the end. */
static void many_disks_are_cut(void **state)
{
    (void)state;
    for (unsigned empty = 0; empty <= 12; empty++) {
        clear(NULL);
        struct roster_entry *entry = add(1, 0, 0);
        for (unsigned i = 0; i < 12; i++) {
            char target[8];
            snprintf(target, sizeof(target), "vd%c", 'a' + (int)i);
            if (i == empty)
                assert_non_null(domain_add_disk(&entry->domain, "sda"));
            assert_true(text_replace(&add_layer(entry, target, 1)->path, "/x"));
        }
        blame(entry);
        if (strstr(fake_log_last(), ", ...; others") == NULL)
            fail_msg("with an empty drive before disk %u: %s", empty,
                     fake_log_last());
        assert_non_null(strstr(fake_log_last(), "vda on /x"));
        assert_null(strstr(fake_log_last(), "vdi on /x"));
    }
}

/* And nothing is written beyond what there is room for. */
static void long_names_are_cut(void **state)
{
    char path[1000];

    (void)state;
    for (size_t length = 60; length < sizeof(path); length += 47) {
        clear(NULL);
        struct roster_entry *entry = add(1, 0, 0);
        memset(path, 'x', length);
        path[0] = '/';
        path[length] = '\0';
        for (unsigned i = 0; i < 8; i++)
            assert_true(text_replace(&add_layer(entry, "vda", 1)->path, path));
        blame(entry);
        assert_non_null(strstr(fake_log_last(), "vda on /xxx"));
        /* The line has its end all the same. */
        assert_non_null(strstr(fake_log_last(), "has answered: 0"));
    }
}

/* It was listed, and never answered, and hangs: it has a UUID at least. */
static void a_domain_without_a_name(void **state)
{
    const unsigned char uuid[UUID_BYTES] = {1};

    (void)state;
    blame(roster_get(&roster, uuid));
    assert_int_equal(fake_log_count(), 1);
    assert_null(strstr(fake_log_last(), "(null)"));
}

/* --- who is tried -------------------------------------------------------- */

#define INTERVAL 20 /* seconds between two attempts */

static struct roster_entry *candidate(double now)
{
    return stall_candidate(&stall, now, INTERVAL);
}

static void nobody_is_tried_who_is_well(void **state)
{
    (void)state;
    assert_null(candidate(1000));
    add(1, 10, 0);
    add(2, 10, 0);
    assert_null(candidate(1000));
}

/* It has just been asked in vain: what may be news is how the others are. */
static void suspects_before_the_culprit(void **state)
{
    (void)state;
    for (unsigned char culprit = 1; culprit <= 5; culprit++) {
        clear(NULL);
        for (unsigned char i = 1; i <= 5; i++)
            add(i, 10, 0);
        blame(roster.entries[culprit - 1]);
        const struct roster_entry *tried = candidate(100);
        assert_non_null(tried);
        assert_true(tried->suspect);
    }
}

static void the_one_that_was_tried_longest_ago(void **state)
{
    (void)state;
    for (unsigned char i = 1; i <= 6; i++)
        add(i, 10, 0);
    blame(roster.entries[5]);
    roster.entries[5]->asked = true;
    for (size_t i = 0; i < 5; i++)
        roster.entries[i]->tried = 500 + (double)((i + 2) % 5);
    assert_ptr_equal(candidate(1000), roster.entries[3]);
    roster.entries[3]->tried = 1000;
    assert_ptr_equal(candidate(1000), roster.entries[4]);
    /* In turn: everybody gets his. */
    unsigned turns[5] = {0};
    for (unsigned i = 0; i < 50; i++) {
        double now = 1100 + i * INTERVAL;
        struct roster_entry *entry = candidate(now);
        assert_non_null(entry);
        entry->tried = now;
        turns[entry->run - 1]++;
    }
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(turns[i], 10);
}

static void not_too_often(void **state)
{
    (void)state;
    struct roster_entry *entry = add(1, 10, 0);

    blame(entry);
    /* It has just been asked. */
    assert_null(candidate(100));
    assert_null(candidate(100 + INTERVAL - 1));
    assert_ptr_equal(candidate(100 + INTERVAL), entry);
    entry->tried = 500;
    assert_null(candidate(500 + INTERVAL - 1));
    /* Unless there is a reason to think that it may answer. */
    stall_doubt(entry);
    assert_ptr_equal(candidate(501), entry);
}

/* That the base of all is well is found out by one who has nothing else there
 * that is bad: he will answer. */
static void the_one_with_the_best_prospects(void **state)
{
    (void)state;
    struct roster_entry *culprit = add(5, 10, 99);

    add(1, 10, 99);
    add(2, 10, 99);
    struct roster_entry *elsewhere = add(3, 20, 99);
    add(4, 10, 99);
    blame(culprit);
    assert_ptr_equal(candidate(100), elsewhere);
    elsewhere->tried = 100;
    /* And when he did not, one of the others. */
    assert_non_null(candidate(101));
    assert_ptr_not_equal(candidate(101), elsewhere);
}

static void not_twice_in_a_pass(void **state)
{
    (void)state;
    struct roster_entry *first = add(1, 10, 0);
    struct roster_entry *second = add(2, 10, 0);
    struct roster_entry *culprit = add(3, 10, 0);

    blame(culprit);
    culprit->asked = true;
    first->asked = true;
    assert_ptr_equal(candidate(1000), second);
    second->asked = true;
    assert_null(candidate(1000));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(those_on_the_same_storage_are_suspects),
        TEST(domains_that_are_off_are_no_suspects),
        TEST(unknown_places_make_no_suspects),
        TEST(suspect_that_is_blamed_is_stuck),
        TEST(who_answers_is_neither),
        TEST(a_suspect_that_answers_clears_suspects),
        TEST(suspects_of_another_storage_stay),
        TEST(a_common_base_clears_nobody_of_the_rest),
        TEST(suspects_are_found_anew),
        TEST(suspects_outlive_the_culprit),
        TEST(who_is_well_clears_nobody),
        TEST(the_one_with_the_best_prospects),
        TEST(one_line_each_time),
        TEST(others_on_its_storage_are_counted),
        TEST(storage_is_named),
        TEST(without_a_disk_nothing_is_named),
        TEST(many_disks_are_cut),
        TEST(long_names_are_cut),
        TEST(a_domain_without_a_name),
        TEST(nobody_is_tried_who_is_well),
        TEST(suspects_before_the_culprit),
        TEST(the_one_that_was_tried_longest_ago),
        TEST(not_too_often),
        TEST(not_twice_in_a_pass),
    };

    return cmocka_run_group_tests_name("stall", tests, NULL, NULL) != 0;
}
