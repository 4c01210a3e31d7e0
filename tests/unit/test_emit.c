/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "emit.h"
#include "fake_collectd.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPES_FILE "types.db.d/virt_backing.db"

static int reset(void **state)
{
    (void)state;
    fake_collectd_reset();
    return 0;
}

/* --- a domain ------------------------------------------------------------ */

static void add_layer(struct disk *disk, enum role role, unsigned depth,
                      unsigned index, struct sizes sizes)
{
    struct layer *layer = disk_add_layer(disk);

    assert_non_null(layer);
    layer->role = role;
    layer->depth = depth;
    layer->index = index;
    layer->sizes = sizes;
    /* The raw figures must never come through. */
    layer->stated = (struct sizes){111, 222, 333};
}

static struct disk *add_disk(struct domain *domain, const char *target)
{
    struct disk *disk = domain_add_disk(domain, target);

    assert_non_null(disk);
    disk->instance = strdup(target);
    return disk;
}

/* Values of the domain below, and those of the plugin itself. */
#define ALL_OF_A_DOMAIN 10
#define ALL_OF_ITSELF 8

/* vda: a chain of two, a mirror and a scratch image; hda: an empty drive. */
static void make_domain(struct domain *domain, const char *host)
{
    struct disk *disk = add_disk(domain, "vda");

    domain->name = strdup("not shown");
    domain->host = strdup(host);
    domain->instance = strdup("");
    domain->answered = true;
    domain->stale = 1.5;
    add_layer(disk, ROLE_CHAIN, 0, 3, (struct sizes){100, 20, 30});
    add_layer(disk, ROLE_CHAIN, 1, 1, (struct sizes){50, 0, SIZE_UNKNOWN});
    add_layer(disk, ROLE_MIRROR, 0, 4, (struct sizes){100, SIZE_UNKNOWN, 70});
    add_layer(disk, ROLE_SCRATCH, 0, 5, SIZES_UNKNOWN);
    add_disk(domain, "hda");
}

static const struct pools no_pools;

static void emit_domains(struct domain **domains, size_t count,
                         enum layer_format format)
{
    const struct inventory inventory = {
        .pools = &no_pools,
        .answered = true,
        .hostname = "kvm7",
        .calls = 3,
        .stalled = 2,
        .domains = domains,
        .count = count,
        .counted = true,
        .totals = {.capacity = 1000, .allocation = 400, .unsized = 7},
    };

    emit_inventory(&inventory, format, 0.25);
}

static void assert_value(const char *name, double value)
{
    if (fake_collectd_value(name) != value)
        fail_msg("%s is %g, not %g", name, fake_collectd_value(name), value);
}

/* --- values -------------------------------------------------------------- */

static void series_of_a_domain(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};

    (void)state;
    make_domain(&domain, "vm1");
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/disk_capacity-layer0", 100);
    assert_value("vm1/virt_backing-vda/disk_allocation-layer0", 20);
    assert_value("vm1/virt_backing-vda/disk_physical-layer0", 30);
    assert_value("vm1/virt_backing-vda/disk_capacity-layer1", 50);
    assert_value("vm1/virt_backing-vda/disk_allocation-layer1", 0);
    assert_value("vm1/virt_backing-vda/disk_capacity-mirror", 100);
    assert_value("vm1/virt_backing-vda/disk_physical-mirror", 70);
    assert_value("vm1/virt_backing-vda/count-layers", 2);
    assert_value("vm1/virt_backing-hda/count-layers", 0);
    assert_value("vm1/virt_backing/duration-stale", 1.5);
    assert_value("kvm7/virt_backing/count-domains", 1);
    assert_value("kvm7/virt_backing/count-layers", 2);
    assert_value("kvm7/virt_backing/count-stalled", 2);
    assert_value("kvm7/virt_backing/count-calls", 3);
    assert_value("kvm7/virt_backing/duration-read", 0.25);
    assert_value("kvm7/virt_backing/bytes-capacity", 1000);
    assert_value("kvm7/virt_backing/bytes-allocation", 400);
    assert_value("kvm7/virt_backing/count-unsized", 7);
    /* And nothing else: no value that is not known. */
    assert_int_equal(fake_collectd_count(), ALL_OF_A_DOMAIN + ALL_OF_ITSELF);
    domain_clear(&domain);
}

/* A job, while it runs, and a threshold, where one is set. */
static void jobs_and_thresholds(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};

    (void)state;
    make_domain(&domain, "vm1");
    struct disk *disk = &domain.disks[0];
    assert_true(emit_register_types());
    disk->layers[0].threshold = 77;
    disk->job = (struct job){JOB_COMMIT, 25, 100, false};
    disk->job_left = 50;
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_true(fake_collectd_value("vm1/virt_backing-vda/block_job-commit") <
                0);
    disk->job_fresh = true;
    disk->errors = 1;
    domain.errors = 2;
    fake_collectd_forget_values();
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/block_job-commit", 25);
    assert_value("vm1/virt_backing-vda/block_job_left-commit", 50);
    assert_value("vm1/virt_backing-vda/disk_threshold-layer0", 77);
    assert_value("vm1/virt_backing-vda/count-errors", 1);
    assert_value("vm1/virt_backing/count-errors", 2);
    assert_int_equal(fake_collectd_count(),
                     ALL_OF_A_DOMAIN + ALL_OF_ITSELF + 5);
    /* None of that is known. */
    disk->errors = domain.errors = 0;
    disk->job.whole = 0;
    disk->job_left = SIZE_UNKNOWN;
    disk->layers[0].threshold = 0;
    fake_collectd_forget_values();
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_int_equal(fake_collectd_count(), ALL_OF_A_DOMAIN + ALL_OF_ITSELF);
    domain_clear(&domain);
}

static void series_by_index(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};

    (void)state;
    make_domain(&domain, "vm1");
    emit_domains(domains, 1, LAYER_FORMAT_INDEX);
    assert_value("vm1/virt_backing-vda/disk_capacity-index3", 100);
    assert_value("vm1/virt_backing-vda/disk_capacity-index1", 50);
    assert_value("vm1/virt_backing-vda/disk_physical-index4", 70);
    assert_value("vm1/virt_backing-vda/count-layers", 2);
    assert_int_equal(fake_collectd_count(), ALL_OF_A_DOMAIN + ALL_OF_ITSELF);
    domain_clear(&domain);
}

static void domains_do_not_mix(void **state)
{
    struct domain one = {.disk_count = 0};
    struct domain two = {.disk_count = 0};
    struct domain *domains[] = {&one, &two};

    (void)state;
    make_domain(&one, "vm1");
    make_domain(&two, "vm2");
    two.disks[0].layers[0].sizes.capacity = 101;
    emit_domains(domains, 2, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/disk_capacity-layer0", 100);
    assert_value("vm2/virt_backing-vda/disk_capacity-layer0", 101);
    assert_value("kvm7/virt_backing/count-domains", 2);
    assert_value("kvm7/virt_backing/count-layers", 4);
    assert_int_equal(fake_collectd_count(),
                     2 * ALL_OF_A_DOMAIN + ALL_OF_ITSELF);
    domain_clear(&one);
    domain_clear(&two);
}

static void headroom_and_percent(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};

    (void)state;
    assert_true(emit_register_types());
    make_domain(&domain, "vm1");
    domain.disks[0].layers[0].headroom = 12;
    domain.disks[0].layers[0].percent = 62.5;
    /* Nothing left, nothing used: figures, too. */
    domain.disks[0].layers[2].headroom = 0;
    domain.disks[0].layers[2].percent = 0;
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/disk_headroom-layer0", 12);
    assert_value("vm1/virt_backing-vda/percent-layer0", 62.5);
    assert_value("vm1/virt_backing-vda/disk_headroom-mirror", 0);
    assert_value("vm1/virt_backing-vda/percent-mirror", 0);
    assert_int_equal(fake_collectd_count(),
                     ALL_OF_A_DOMAIN + 4 + ALL_OF_ITSELF);
    domain_clear(&domain);
}

/* How long a chain is, is not known before it has been followed. */
static void chain_that_is_being_followed(void **state)
{
    struct domain domain = {.id = DOMAIN_OFF};
    struct domain *domains[] = {&domain};
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    domain.host = strdup("vm1");
    add_layer(disk, ROLE_CHAIN, 0, 0, (struct sizes){100, 20, 30});
    disk->layers[0].image_asked = 1;
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/disk_capacity-layer0", 100);
    assert_value("vm1/virt_backing-vda/count-layers", -1);
    assert_int_equal(fake_collectd_count(), 3 + ALL_OF_ITSELF);

    fake_collectd_forget_values();
    disk->ended = true;
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/count-layers", 1);
    domain_clear(&domain);
}

/* The plugin instance is the disk's name in full, not its target. */
static void names_are_those_that_were_made(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};
    char host[DATA_MAX_NAME_LEN];
    char series[2 * DATA_MAX_NAME_LEN];

    (void)state;
    memset(host, 'h', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    make_domain(&domain, host);
    assert_true(text_replace(&domain.disks[0].instance, "web: a-vda"));
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    snprintf(series, sizeof(series),
             "%s/virt_backing-web: a-vda/disk_capacity-layer0", host);
    assert_value(series, 100);
    domain_clear(&domain);
}

static void large_sizes_arrive(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};

    (void)state;
    make_domain(&domain, "vm1");
    domain.disks[0].layers[0].sizes.capacity = UINT64_C(1) << 62;
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/disk_capacity-layer0",
                 4611686018427387904.0);
    domain_clear(&domain);
}

static void without_domains(void **state)
{
    (void)state;
    emit_domains(NULL, 0, LAYER_FORMAT_DEPTH);
    assert_value("kvm7/virt_backing/count-domains", 0);
    assert_value("kvm7/virt_backing/count-layers", 0);
    assert_int_equal(fake_collectd_count(), ALL_OF_ITSELF);
}

/* That there was no answer does not mean that there are no domains. */
static void without_an_answer(void **state)
{
    struct pool pool = {.instance = (char *)(uintptr_t) "pool-p"};
    struct pool *all[] = {&pool};
    const struct pools pools = {all, 1};
    const struct inventory inventory = {
        .hostname = "kvm7", .calls = 2, .pools = &pools};

    (void)state;
    emit_inventory(&inventory, LAYER_FORMAT_DEPTH, 1.5);
    assert_value("kvm7/virt_backing/count-calls", 2);
    assert_value("kvm7/virt_backing/duration-read", 1.5);
    assert_int_equal(fake_collectd_count(), 2);
}

/* Before the first connection nobody knows whose figures they would be. */
static void without_a_hostname(void **state)
{
    const struct inventory inventory = {
        .answered = true, .calls = 1, .pools = &no_pools};

    (void)state;
    emit_inventory(&inventory, LAYER_FORMAT_DEPTH, 1.5);
    assert_int_equal(fake_collectd_count(), 0);
}

/* --- domains that do not answer ------------------------------------------- */

/* Figures that nobody vouches for are not sent; what the chains were last is
 * still of use for their number. */
static void without_an_answer_of_one(void **state)
{
    struct domain one = {.disk_count = 0};
    struct domain two = {.disk_count = 0};
    struct domain *domains[] = {&one, &two};

    (void)state;
    make_domain(&one, "vm1");
    make_domain(&two, "vm2");
    one.answered = false;
    one.stale = 77.25;
    emit_domains(domains, 2, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing/duration-stale", 77.25);
    assert_value("vm2/virt_backing/duration-stale", 1.5);
    assert_value("vm2/virt_backing-vda/disk_capacity-layer0", 100);
    assert_value("kvm7/virt_backing/count-domains", 2);
    assert_value("kvm7/virt_backing/count-layers", 4);
    assert_int_equal(fake_collectd_count(),
                     1 + ALL_OF_A_DOMAIN + ALL_OF_ITSELF);
    domain_clear(&one);
    domain_clear(&two);
}

/* Those that were known before go on to say since when. */
static void without_an_answer_of_any(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};
    const struct inventory inventory = {.hostname = "kvm7",
                                        .pools = &no_pools,
                                        .stalled = 1,
                                        .domains = domains,
                                        .count = 1};

    (void)state;
    make_domain(&domain, "vm1");
    domain.answered = false;
    emit_inventory(&inventory, LAYER_FORMAT_DEPTH, 1.5);
    assert_value("vm1/virt_backing/duration-stale", 1.5);
    assert_value("kvm7/virt_backing/count-stalled", 1);
    assert_value("kvm7/virt_backing/count-calls", 0);
    assert_value("kvm7/virt_backing/duration-read", 1.5);
    assert_int_equal(fake_collectd_count(), 4);
    domain_clear(&domain);
}

/* Nobody answers for one that is off: its figures are those that were read
 * last, and hold. */
static void without_an_answer_of_what_is_off(void **state)
{
    struct domain domain = {.disk_count = 0};
    struct domain *domains[] = {&domain};

    (void)state;
    make_domain(&domain, "vm1");
    domain.id = DOMAIN_OFF;
    domain.answered = false;
    domain.disks[0].given = true;
    domain.disks[1].given = true;
    emit_domains(domains, 1, LAYER_FORMAT_DEPTH);
    assert_value("vm1/virt_backing-vda/disk_capacity-layer0", 100);
    assert_value("vm1/virt_backing-vda/count-layers", 2);
    assert_value("vm1/virt_backing/duration-stale", -1);
    assert_int_equal(fake_collectd_count(),
                     ALL_OF_A_DOMAIN - 1 + ALL_OF_ITSELF);
    domain_clear(&domain);
}

/* Beside its disks, by the name that was made for it. */
static void staleness_of_domains_that_share_a_host(void **state)
{
    struct domain one = {.disk_count = 0};
    struct domain two = {.disk_count = 0};
    struct domain *domains[] = {&one, &two};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(domains); i++) {
        domains[i]->host = strdup("kvm7");
        domains[i]->answered = true;
    }
    one.instance = strdup("vm1");
    one.stale = 1.5;
    two.instance = strdup("vm2");
    emit_domains(domains, 2, LAYER_FORMAT_DEPTH);
    assert_value("kvm7/virt_backing-vm1/duration-stale", 1.5);
    assert_value("kvm7/virt_backing-vm2/duration-stale", 0);
    /* Those of the plugin are its own. */
    assert_value("kvm7/virt_backing/duration-read", 0.25);
    assert_value("kvm7/virt_backing/duration-stale", -1);
    domain_clear(&one);
    domain_clear(&two);
}

/* --- pools --------------------------------------------------------------- */

static void series_of_pools(void **state)
{
    struct pool one = {.instance = strdup("pool-default"),
                       .capacity = 1000,
                       .allocation = 600,
                       .available = 400};
    struct pool two = {.instance = strdup("pool-other")};
    struct pool *all[] = {&one, &two};
    const struct pools pools = {all, 2};
    /* Memory was too short for totals. */
    const struct inventory inventory = {
        .answered = true, .hostname = "kvm7", .pools = &pools};
    struct disk *disk = add_disk(&one.volumes, "a.qcow2");

    (void)state;
    one.volumes.id = DOMAIN_OFF;
    assert_true(text_replace(&disk->instance, "vol-default-a.qcow2"));
    add_layer(disk, ROLE_CHAIN, 0, 0, (struct sizes){100, 20, 30});
    add_layer(disk, ROLE_CHAIN, 1, 0, (struct sizes){50, SIZE_UNKNOWN, 31});
    emit_inventory(&inventory, LAYER_FORMAT_DEPTH, 0.25);
    assert_value("kvm7/virt_backing-pool-default/bytes-capacity", 1000);
    assert_value("kvm7/virt_backing-pool-default/bytes-allocation", 600);
    assert_value("kvm7/virt_backing-pool-default/bytes-available", 400);
    assert_value("kvm7/virt_backing-pool-other/bytes-capacity", 0);
    assert_value("kvm7/virt_backing-pool-other/bytes-allocation", 0);
    assert_value("kvm7/virt_backing-pool-other/bytes-available", 0);
#define VOLUME "kvm7/virt_backing-vol-default-a.qcow2/"
    assert_value(VOLUME "disk_capacity-layer0", 100);
    assert_value(VOLUME "disk_allocation-layer0", 20);
    assert_value(VOLUME "disk_physical-layer0", 30);
    assert_value(VOLUME "disk_capacity-layer1", 50);
    assert_value(VOLUME "disk_physical-layer1", 31);
#undef VOLUME
    /* The layers of volumes are not those of disks. */
    assert_value("kvm7/virt_backing/count-layers", 0);
    assert_value("kvm7/virt_backing/count-domains", 0);
    assert_int_equal(fake_collectd_count(), 6 + 5 + ALL_OF_ITSELF - 3);
    domain_clear(&one.volumes);
    free(one.instance);
    free(two.instance);
}

/* --- types --------------------------------------------------------------- */

static double bound_of(const char *text)
{
    return strcmp(text, "U") == 0 ? NAN : strtod(text, NULL);
}

static void assert_same_bound(double a, double b)
{
    assert_true((isnan(a) && isnan(b)) || a == b);
}

static int ds_type_of(const char *name)
{
    static const struct {
        const char *name;
        int type;
    } types[] = {{"GAUGE", DS_TYPE_GAUGE},
                 {"COUNTER", DS_TYPE_COUNTER},
                 {"DERIVE", DS_TYPE_DERIVE},
                 {"ABSOLUTE", DS_TYPE_ABSOLUTE}};

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return -1;
}

/* A line such as "block_job  value:GAUGE:0:100.1". */
static void assert_line_is(const char *line, const data_set_t *set)
{
    char type[64];
    char source[64];
    char ds_type[64];
    char low[64];
    char high[64];

    assert_int_equal(sscanf(line, "%63s %63[^:]:%63[^:]:%63[^:]:%63s", type,
                            source, ds_type, low, high),
                     5);
    assert_string_equal(set->type, type);
    assert_int_equal(set->ds_num, 1);
    assert_string_equal(set->ds[0].name, source);
    assert_int_equal(set->ds[0].type, ds_type_of(ds_type));
    assert_same_bound(set->ds[0].min, bound_of(low));
    assert_same_bound(set->ds[0].max, bound_of(high));
}

static void types_are_those_of_the_file(void **state)
{
    char *text = cases_read_file("TEST_SOURCE", TYPES_FILE);
    char *rest = text;
    size_t count = 0;
    const char *line;

    (void)state;
    assert_true(emit_register_types());
    while ((line = cases_next_line(&rest)) != NULL) {
        assert_true(count < fake_collectd_registered());
        assert_line_is(line, fake_collectd_registered_set(count++));
    }
    assert_true(count > 0);
    assert_int_equal(count, fake_collectd_registered());
    free(text);
}

/* A types file of the user's has the last word. */
static void known_types_are_left_alone(void **state)
{
    (void)state;
    fake_collectd_add_type("disk_headroom");
    assert_true(emit_register_types());
    assert_true(fake_collectd_registered() > 0);
    for (size_t i = 0; i < fake_collectd_registered(); i++)
        assert_string_not_equal(fake_collectd_registered_set(i)->type,
                                "disk_headroom");
    size_t count = fake_collectd_registered();
    assert_true(emit_register_types());
    assert_int_equal(fake_collectd_registered(), count);
}

static void refused_type_is_told(void **state)
{
    (void)state;
    fake_collectd_refuse_types();
    assert_false(emit_register_types());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(series_of_a_domain, reset),
        cmocka_unit_test_setup(jobs_and_thresholds, reset),
        cmocka_unit_test_setup(series_by_index, reset),
        cmocka_unit_test_setup(domains_do_not_mix, reset),
        cmocka_unit_test_setup(headroom_and_percent, reset),
        cmocka_unit_test_setup(chain_that_is_being_followed, reset),
        cmocka_unit_test_setup(names_are_those_that_were_made, reset),
        cmocka_unit_test_setup(large_sizes_arrive, reset),
        cmocka_unit_test_setup(without_domains, reset),
        cmocka_unit_test_setup(without_an_answer, reset),
        cmocka_unit_test_setup(without_a_hostname, reset),
        cmocka_unit_test_setup(without_an_answer_of_one, reset),
        cmocka_unit_test_setup(without_an_answer_of_any, reset),
        cmocka_unit_test_setup(without_an_answer_of_what_is_off, reset),
        cmocka_unit_test_setup(staleness_of_domains_that_share_a_host, reset),
        cmocka_unit_test_setup(series_of_pools, reset),
        cmocka_unit_test_setup(types_are_those_of_the_file, reset),
        cmocka_unit_test_setup(known_types_are_left_alone, reset),
        cmocka_unit_test_setup(refused_type_is_told, reset),
    };

    return cmocka_run_group_tests_name("emit", tests, NULL, NULL) != 0;
}
