/* SPDX-License-Identifier: MIT
 *
 * Questions and their answers, put in the thread of the test.
 */
#include "errands.h"
#include "fake_hypervisor.h"
#include "hash.h"
#include "query.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char xml[] =
    "<domain><devices><disk type='file'><driver type='qcow2'/>"
    "<source file='/a' index='1'/><target dev='vda'/></disk></devices>"
    "</domain>";
static const char stats[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
    "block.0.backingIndex=1\nblock.0.allocation=1\nblock.0.capacity=4096\n"
    "block.0.physical=512\n";
/* The same figures, other records. */
static const char stats_other[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/b\n"
    "block.0.backingIndex=2\nblock.0.allocation=1\nblock.0.capacity=4096\n"
    "block.0.physical=512\n";

/* --- the scene: four domains, and a query -------------------------------- */

#define DOMAINS 4

static struct fake_hypervisor fake;
static struct hypervisor table;
static struct settings *settings;
static struct query query;

static int open_scene(void **state)
{
    static const char *const names[DOMAINS] = {"vm1", "vm2", "vm3", "vm4"};

    (void)state;
    fake_start(&fake, DOMAINS);
    for (size_t i = 0; i < DOMAINS; i++) {
        fake.domains[i].name = names[i];
        fake.domains[i].xml = xml;
        fake_state(&fake.domains[i], stats);
    }
    table = fake_table(&fake);
    settings = settings_new();
    query = (struct query){
        .hypervisor = &table,
        .settings = settings,
        .newcomers = true,
        .parts = 1,
    };
    return settings == NULL ? -1 : 0;
}

static int close_scene(void **state)
{
    (void)state;
    query_clear(&query);
    assert_null(query.domains);
    assert_null(query.figures);
    assert_null(query.hostname);
    settings_free(settings);
    fake_stop(&fake);
    return 0;
}

static const struct query_domain *answer_of(size_t i)
{
    struct domain_ref ref = fake_ref(&fake.domains[i]);

    for (size_t j = 0; j < query.count; j++)
        if (memcmp(query.domains[j].uuid, ref.uuid, UUID_BYTES) == 0)
            return &query.domains[j];
    fail_msg("no answer of %s", fake.domains[i].name);
    return NULL;
}

/* As it is known after it answered. */
static void know(size_t i)
{
    struct domain_ref ref = fake_ref(&fake.domains[i]);

    if (query.census.count == 0)
        assert_true(census_start(&query.census, DOMAINS));
    struct census_entry *entry = &query.census.entries[query.census.count++];
    *entry = (struct census_entry){
        .id = ref.id,
        .name = hash_text(HASH_START, ref.name),
        .signature = blockstats_signature(&fake.domains[i].stats),
        .records = fake.domains[i].stats.count,
        .runs = ref.id != DOMAIN_OFF,
        .wanted = true,
        .fit = true,
    };
    memcpy(entry->uuid, ref.uuid, UUID_BYTES);
}

static void know_all(void)
{
    for (size_t i = 0; i < DOMAINS; i++)
        know(i);
}

static void put(void)
{
    query_forget(&query);
    query_put(&query);
}

/* --- statistics ---------------------------------------------------------- */

static void who_is_new_comes_with_a_layout(void **state)
{
    (void)state;
    put();
    assert_true(query.answered);
    assert_int_equal(query.count, DOMAINS);
    assert_int_equal(query.figure_count, DOMAINS);
    assert_int_equal(fake.xmls, DOMAINS);
    assert_true(query.calls == DOMAINS + 1);
    assert_true(query.local);
    assert_string_equal(query.hostname, "host");
    for (size_t i = 0; i < DOMAINS; i++) {
        const struct query_domain *found = answer_of(i);
        assert_int_equal(found->id, i + 1);
        assert_true(found->answered && found->whole && found->supported);
        assert_true(found->signature ==
                    blockstats_signature(&fake.domains[i].stats));
        assert_int_equal(found->records, 1);
        assert_true(query.figures[found->first].stated.capacity == 4096);
        assert_non_null(found->layout);
        assert_int_equal(found->layout->outcome, LAYOUT_DONE);
        assert_null(found->layout->reason);
        assert_string_equal(found->layout->domain.name, fake.domains[i].name);
        assert_int_equal(found->layout->domain.id, found->id);
        assert_string_equal(found->layout->domain.disks[0].layers[0].path,
                            "/a");
    }
}

static void who_is_known_comes_without(void **state)
{
    (void)state;
    know_all();
    put();
    assert_true(query.answered);
    assert_int_equal(fake.xmls, 0);
    assert_true(query.calls == 1);
    for (size_t i = 0; i < DOMAINS; i++) {
        assert_true(answer_of(i)->answered);
        assert_null(answer_of(i)->layout);
    }
}

static void who_arrives_is_not_here_yet(void **state)
{
    static const char arriving[] =
        "state.state=3\nstate.reason=2\nblock.count=1\nblock.0.name=vda\n"
        "block.0.path=/a\nblock.0.backingIndex=1\n";
    static const char paused[] =
        "state.state=3\nstate.reason=1\nblock.count=1\nblock.0.name=vda\n"
        "block.0.path=/a\nblock.0.backingIndex=1\n";

    (void)state;
    fake_state(&fake.domains[1], arriving);
    put();
    assert_true(query.answered);
    assert_int_equal(query.count, DOMAINS - 1);
    fake_state(&fake.domains[1], paused);
    put();
    assert_int_equal(query.count, DOMAINS);

    /* Seen before its QEMU waited for the other one. */
    know(1);
    fake_state(&fake.domains[1], arriving);
    put();
    assert_int_equal(query.count, DOMAINS - 1);
    /* Of another run sizes are known, such as that it was off. */
    query.census.entries[0].arrived = true;
    query.census.entries[0].id = 77;
    put();
    assert_int_equal(query.count, DOMAINS - 1);

    /* Who leaves has given sizes. */
    query.census.entries[0].id = 2;
    put();
    assert_int_equal(query.count, DOMAINS);
    assert_false(answer_of(1)->whole);
}

/* Each of them alone. */
static void a_layout_no_longer_holds(void **state)
{
    static const struct {
        const char *what;
        bool again;
        struct census_entry change; /* what is not 0 */
    } cases[] = {
        {"nothing", false, {.fit = true}},
        {"it is due", true, {.fit = false}},
        {"another run", true, {.fit = true, .id = 77}},
        {"another name", true, {.fit = true, .name = 77}},
        {"other records", true, {.fit = true, .signature = 77}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        query.census.count = 0;
        know_all();
        struct census_entry *entry = &query.census.entries[2];
        entry->fit = cases[i].change.fit;
        if (cases[i].change.id != 0)
            entry->id = cases[i].change.id;
        if (cases[i].change.name != 0)
            entry->name = cases[i].change.name;
        if (cases[i].change.signature != 0)
            entry->signature = cases[i].change.signature;
        put();
        for (size_t j = 0; j < DOMAINS; j++)
            if ((answer_of(j)->layout != NULL) != (cases[i].again && j == 2))
                fail_msg("%s: domain %zu", cases[i].what, j);
    }
}

/* A driver without block statistics: nothing tells whether it still holds. */
static void a_layout_is_read_each_time_without_statistics(void **state)
{
    (void)state;
    fake_state(&fake.domains[1], NULL);
    fake.domains[1].info = (struct sizes){1, 2, 3};
    know_all();
    put();
    assert_false(answer_of(1)->supported);
    assert_non_null(answer_of(1)->layout);
    assert_true(
        answer_of(1)->layout->domain.disks[0].layers[0].sizes.physical == 3);
    assert_int_equal(fake.infos, 1);
    assert_null(answer_of(2)->layout);
}

/* Of a domain that is off elsewhere the chain is followed through volumes,
 * anew each time; here through the images, and that is not done here. */
static void a_domain_that_is_off(void **state)
{
    (void)state;
    fake.domains[1].id = DOMAIN_OFF;
    query.inactive = true;
    know_all();
    put();
    assert_null(answer_of(1)->layout);
    assert_int_equal(fake.volume_xmls, 0);

    settings->local_images = LOCAL_IMAGES_FALSE;
    put();
    assert_non_null(answer_of(1)->layout);
    assert_true(fake.volume_xmls > 0);
    assert_null(answer_of(0)->layout);

    query.inactive = false;
    put();
    assert_int_equal(query.count, DOMAINS - 1);
}

/* Another client's call holds it up: libvirt gives paths and indexes. */
static void an_answer_without_sizes_is_not_whole(void **state)
{
    (void)state;
    fake.domains[1].held = true;
    /* An empty drive has no sizes when all is well. */
    fake_state(&fake.domains[2], "block.count=1\nblock.0.name=sda\n");
    /* Nor has a domain without disks. */
    fake_state(&fake.domains[3], "block.count=0\n");
    put();
    assert_true(answer_of(0)->whole);
    assert_true(answer_of(1)->answered);
    assert_false(answer_of(1)->whole);
    assert_true(answer_of(2)->whole);
    assert_true(answer_of(3)->whole);
    assert_int_equal(answer_of(3)->records, 0);
    /* It is the same layout all the same. */
    assert_int_equal(answer_of(1)->records, 1);
    assert_true(answer_of(1)->signature == answer_of(0)->signature);
    assert_true(query.figures[answer_of(1)->first].stated.capacity ==
                SIZE_UNKNOWN);
}

/* Not all records need have sizes: one does. */
static void one_size_makes_an_answer_whole(void **state)
{
    static const char *const wholes[] = {
        "block.count=2\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.1.name=vdb\nblock.1.path=/b\nblock.1.capacity=1\n",
        "block.count=2\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.physical=1\nblock.1.name=vdb\nblock.1.path=/b\n",
        "block.count=2\nblock.0.name=sda\nblock.1.name=vdb\n"
        "block.1.path=/b\nblock.1.capacity=1\n",
    };
    static const char *const halves[] = {
        "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n",
        "block.count=1\nblock.0.name=vda\nblock.0.backingIndex=3\n",
        "block.count=2\nblock.0.name=sda\nblock.1.name=vda\n"
        "block.1.path=/a\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wholes); i++) {
        fake_state(&fake.domains[0], wholes[i]);
        put();
        assert_true(answer_of(0)->whole);
    }
    for (size_t i = 0; i < COUNT_OF(halves); i++) {
        fake_state(&fake.domains[0], halves[i]);
        put();
        assert_false(answer_of(0)->whole);
    }
}

static void xml_that_can_not_be_had(void **state)
{
    (void)state;
    fake.domains[0].xml = NULL;
    fake.domains[1].xml = NULL;
    fake.domains[1].xml_reason = "no";
    fake.domains[2].xml = "<domain>";
    put();
    assert_true(query.answered);
    assert_int_equal(answer_of(0)->layout->outcome, LAYOUT_GONE);
    assert_null(answer_of(0)->layout->reason);
    assert_int_equal(answer_of(1)->layout->outcome, LAYOUT_REFUSED);
    assert_string_equal(answer_of(1)->layout->reason, "no");
    assert_int_equal(answer_of(2)->layout->outcome, LAYOUT_BAD);
    assert_non_null(answer_of(2)->layout->reason);
    assert_int_equal(answer_of(3)->layout->outcome, LAYOUT_DONE);
}

/* --- who is asked -------------------------------------------------------- */

/* A domain that is left out is seen all the same. */
static void those_that_are_not_wanted_are_no_more_than_listed(void **state)
{
    (void)state;
    know_all();
    query.census.entries[1].wanted = false;
    put();
    assert_int_equal(query.count, DOMAINS);
    assert_int_equal(fake.asked, DOMAINS - 1);
    assert_false(answer_of(1)->answered);
    assert_false(answer_of(1)->whole);
    assert_null(answer_of(1)->layout);
    assert_int_equal(answer_of(1)->id, 2);
    assert_true(answer_of(2)->answered);
}

/* What the hypervisor was asked for. */
static struct {
    bool everybody;
    bool inactive;
    size_t records;
    size_t expected[DOMAINS]; /* records; SIZE_MAX: it is not wanted */
} asked;

static bool note_ask(void *context, const struct ask *ask,
                     hypervisor_visit visit, void *visit_context)
{
    (void)context;
    (void)visit;
    (void)visit_context;
    asked.everybody = ask->everybody;
    asked.inactive = ask->inactive;
    asked.records = ask->records;
    for (size_t i = 0; i < DOMAINS; i++) {
        struct domain_ref ref = fake_ref(&fake.domains[i]);
        if (!ask->wants(ask->context, &ref, &asked.expected[i]))
            asked.expected[i] = SIZE_MAX;
    }
    return true;
}

/* One call may do for all only where nobody is left out, not even one who is
 * not known yet. */
static void everybody_is_asked_in_one_call(void **state)
{
    (void)state;
    table.read = note_ask;
    know(0);
    know(1);
    put();
    assert_true(asked.everybody);

    query.census.entries[1].wanted = false;
    put();
    assert_false(asked.everybody);
    query.census.entries[1].wanted = true;

    query.newcomers = false;
    put();
    assert_false(asked.everybody);
    query.newcomers = true;

    query.parts = 2;
    put();
    assert_false(asked.everybody);
}

/* By the last answers, so that a reply stays within libvirt's bounds. */
static void records_are_expected_as_they_were(void **state)
{
    (void)state;
    table.read = note_ask;
    know(0);
    know(1);
    query.census.entries[0].records = 7;
    query.census.entries[1].records = 30;
    put();
    assert_int_equal(asked.records, 37);
    assert_int_equal(asked.expected[0], 7);
    assert_int_equal(asked.expected[1], 30);
    assert_int_equal(asked.expected[2], 0);
    query.inactive = true;
    put();
    assert_true(asked.inactive);
}

/* Each falls to exactly one part, and no part is empty for long. */
static void newcomers_fall_to_one_part(void **state)
{
    (void)state;
    table.read = note_ask;
    for (query.parts = 1; query.parts <= 3; query.parts++) {
        size_t mine[3] = {0};
        for (unsigned first = 1; first < 400; first += DOMAINS) {
            size_t parts[DOMAINS] = {0};
            for (size_t i = 0; i < DOMAINS; i++)
                fake.domains[i].uuid = first + (unsigned)i;
            for (query.part = 0; query.part < query.parts; query.part++) {
                put();
                for (size_t i = 0; i < DOMAINS; i++) {
                    parts[i] += asked.expected[i] != SIZE_MAX;
                    mine[query.part] += asked.expected[i] != SIZE_MAX;
                }
            }
            for (size_t i = 0; i < DOMAINS; i++)
                assert_int_equal(parts[i], 1);
        }
        for (size_t i = 0; i < query.parts; i++)
            assert_true(mine[i] > 400 / query.parts / 2);
    }
}

static void newcomers_may_be_none_of_its_business(void **state)
{
    (void)state;
    query.newcomers = false;
    know(2);
    put();
    assert_int_equal(fake.asked, 1);
    assert_true(answer_of(2)->answered);
    assert_false(answer_of(0)->answered);
    /* But seen they are. */
    assert_int_equal(query.count, DOMAINS);
}

/* Domains are looked up by their UUIDs: nobody else is heard of. */
static void without_a_list(void **state)
{
    (void)state;
    query.unlisted = true;
    query.newcomers = false;
    know_all();
    query.census.entries[1].wanted = false;
    /* It is asked for with a list, or not at all. */
    query.census.entries[3].runs = false;
    put();
    assert_true(query.answered);
    assert_int_equal(query.count, 2);
    assert_true(answer_of(0)->answered);
    assert_true(answer_of(2)->answered);
    assert_int_equal(fake.reads, 0);
    /* One that is gone is none. */
    fake.domains[0].name = NULL;
    put();
    assert_true(query.answered);
    assert_int_equal(query.count, 1);
}

/* --- who is busy --------------------------------------------------------- */

static void who_is_busy_and_since_when(void **state)
{
    (void)state;
    query.kind = QUERY_BUSY;
    know_all();
    fake.domains[1].held = true;
    fake.domains[1].held_seconds = 12.5;
    put();
    assert_true(query.answered);
    assert_int_equal(query.count, DOMAINS);
    for (size_t i = 0; i < DOMAINS; i++) {
        assert_true(answer_of(i)->busy == (i == 1 ? 12.5 : 0));
        assert_false(answer_of(i)->answered);
        assert_false(answer_of(i)->whole);
        assert_null(answer_of(i)->layout);
    }
    assert_int_equal(fake.reads, 0);
    assert_int_equal(fake.busy_reads, 1);
    assert_int_equal(fake.xmls, 0);
    assert_true(query.calls == 1);
}

/* The XML says on what storage it lies, and how it is called. */
static void who_was_never_heard_of_comes_with_a_layout(void **state)
{
    (void)state;
    query.kind = QUERY_BUSY;
    know(0);
    know(1);
    put();
    assert_null(answer_of(0)->layout);
    assert_null(answer_of(1)->layout);
    for (size_t i = 2; i < DOMAINS; i++) {
        const struct query_layout *layout = answer_of(i)->layout;
        assert_non_null(layout);
        assert_string_equal(layout->domain.name, fake.domains[i].name);
        assert_string_equal(layout->domain.disks[0].layers[0].path, "/a");
    }
    assert_int_equal(fake.xmls, 2);
    /* No QEMU was asked for anything. */
    assert_int_equal(fake.infos, 0);
    assert_int_equal(fake.reads, 0);
}

/* --- pools --------------------------------------------------------------- */

static const struct fake_volume volumes[] = {
    {.name = "v",
     .path = "/v",
     .xml = "<volume type='file'><name>v</name>"
            "<target><path>/v</path></target>"
            "</volume>"},
};
static const struct fake_pool pools[] = {
    {.uuid = 1, .name = "pool", .volumes = volumes, .volume_count = 1},
};

static void pools_and_volumes(void **state)
{
    (void)state;
    query.kind = QUERY_POOLS;
    fake.pools = pools;
    fake.pool_count = 1;
    put();
    assert_true(query.answered);
    assert_int_equal(query.pools.count, 1);
    assert_int_equal(query.pools.pools[0]->volumes.disk_count, 0);
    assert_int_equal(fake.volume_lists, 0);
    settings->volumes = true;
    put();
    assert_int_equal(query.pools.count, 1);
    assert_int_equal(query.pools.pools[0]->volumes.disk_count, 1);
    assert_int_equal(query.count, 0);
    fake.pools_silent = true;
    put();
    assert_false(query.answered);
    assert_int_equal(query.pools.count, 0);
}

/* --- no answer, and the next one ----------------------------------------- */

static void no_answer_is_none(void **state)
{
    (void)state;
    fake.silent = true;
    fake.hostname = NULL;
    for (int kind = QUERY_STATS; kind <= QUERY_BUSY; kind++) {
        query.kind = (enum query_kind)kind;
        put();
        assert_false(query.answered);
        assert_true(query.calls > 0);
        assert_null(query.hostname);
    }
    fake.silent = false;
    fake.hostname = "host";
    query.kind = QUERY_STATS;
    put();
    assert_true(query.answered);
    assert_string_equal(query.hostname, "host");
    fake.hostname = "other";
    fake.local = false;
    put();
    assert_string_equal(query.hostname, "other");
    assert_false(query.local);
}

/* A steady state allocates nothing. */
static void memory_is_kept(void **state)
{
    (void)state;
    know_all();
    put();
    const struct query_domain *domains = query.domains;
    const struct figure *figures = query.figures;
    const char *hostname = query.hostname;
    for (unsigned i = 0; i < 100; i++) {
        put();
        assert_int_equal(query.count, DOMAINS);
        assert_int_equal(query.figure_count, DOMAINS);
    }
    assert_ptr_equal(query.domains, domains);
    assert_ptr_equal(query.figures, figures);
    assert_ptr_equal(query.hostname, hostname);
    query_forget(&query);
    assert_false(query.answered);
    assert_int_equal(query.count, 0);
}

/* Figures stand one behind the other, whosever they are. */
static void figures_of_many_records(void **state)
{
    (void)state;
    fake_state(&fake.domains[1], "block.count=3\nblock.0.name=vda\n"
                                 "block.0.capacity=1\nblock.1.name=vda\n"
                                 "block.1.capacity=2\nblock.2.name=vdb\n"
                                 "block.2.capacity=3\n");
    fake_state(&fake.domains[2], "block.count=0\n");
    fake_state(&fake.domains[3], stats_other);
    put();
    assert_int_equal(query.figure_count, 5);
    assert_int_equal(answer_of(1)->records, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(query.figures[answer_of(1)->first + i].stated.capacity ==
                    i + 1);
    assert_true(query.figures[answer_of(0)->first].stated.capacity == 4096);
    assert_true(query.figures[answer_of(3)->first].stated.capacity == 4096);
    assert_true(answer_of(3)->signature != answer_of(0)->signature);
}

/* What there is no time for comes with a later pass: else the call would be
 * taken for one that hangs. */
static void errands_end_in_time(void **state)
{
    struct errands *errands = &query.errands;

    (void)state;
    query.kind = QUERY_ERRANDS;
    fake.errand_time = 400000;
    for (unsigned i = 0; i < 2 * DOMAINS; i++) {
        struct domain_ref ref = fake_ref(&fake.domains[i / 2]);
        struct domain domain = {.id = ref.id};
        memcpy(domain.uuid, ref.uuid, UUID_BYTES);
        assert_non_null(errands_add(errands, ERRAND_JOB, &domain, "vda"));
    }
    query_put(&query);
    assert_true(query.answered);
    assert_true(errands->errands[0].done && errands->errands[1].done);
    assert_false(errands->errands[2 * DOMAINS - 1].done);
}

static void images_are_looked_at_where_they_are(void **state)
{
    static const struct {
        enum local_images option;
        bool local;
        bool look;
    } cases[] = {
        {LOCAL_IMAGES_AUTO, true, true},   {LOCAL_IMAGES_AUTO, false, false},
        {LOCAL_IMAGES_TRUE, true, true},   {LOCAL_IMAGES_TRUE, false, true},
        {LOCAL_IMAGES_FALSE, true, false}, {LOCAL_IMAGES_FALSE, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        settings->local_images = cases[i].option;
        assert_true(query_may_look(settings, cases[i].local) == cases[i].look);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_new_comes_with_a_layout),
        TEST(who_is_known_comes_without),
        TEST(who_arrives_is_not_here_yet),
        TEST(a_layout_no_longer_holds),
        TEST(a_layout_is_read_each_time_without_statistics),
        TEST(a_domain_that_is_off),
        TEST(an_answer_without_sizes_is_not_whole),
        TEST(one_size_makes_an_answer_whole),
        TEST(xml_that_can_not_be_had),
        TEST(those_that_are_not_wanted_are_no_more_than_listed),
        TEST(everybody_is_asked_in_one_call),
        TEST(records_are_expected_as_they_were),
        TEST(newcomers_fall_to_one_part),
        TEST(newcomers_may_be_none_of_its_business),
        TEST(without_a_list),
        TEST(who_is_busy_and_since_when),
        TEST(who_was_never_heard_of_comes_with_a_layout),
        TEST(pools_and_volumes),
        TEST(no_answer_is_none),
        TEST(memory_is_kept),
        TEST(figures_of_many_records),
        TEST(errands_end_in_time),
        TEST(images_are_looked_at_where_they_are),
    };

    return cmocka_run_group_tests_name("query", tests, NULL, NULL) != 0;
}
