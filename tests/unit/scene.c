/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <stdio.h>

const char xml_plain[] = DOMAIN(DISK("file", "file", "/a", "1", "vda"));
const char stats_plain[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
    "block.0.backingIndex=1\nblock.0.allocation=0\nblock.0.capacity=4096\n"
    "block.0.physical=512\n";
const char xml_snapshot[] = DOMAIN(
    "<disk type='file'><driver type='qcow2'/><source file='/snap' index='2'/>"
    "<backingStore type='file' index='1'><format type='qcow2'/>"
    "<source file='/a'/></backingStore><target dev='vda'/></disk>");
const char stats_snapshot[] =
    "block.count=2\nblock.0.name=vda\nblock.0.path=/snap\n"
    "block.0.backingIndex=2\nblock.0.capacity=4096\nblock.0.physical=100\n"
    "block.1.name=vda\nblock.1.path=/a\nblock.1.backingIndex=1\n"
    "block.1.capacity=4096\nblock.1.physical=1024\n";

struct fake_hypervisor fake;
struct fake_crew crew;
struct settings *settings;
double spent;

static struct hypervisor tables[LANES];
static struct crew crew_table;
static struct collector *collector;

struct notice told[TOLD_MAX];
size_t told_count;

static void tell(void *context, const struct notice *notice)
{
    (void)context;
    assert_true(told_count < TOLD_MAX);
    told[told_count++] = *notice;
}

static const struct teller teller = {NULL, tell};

void open_scene(size_t domains)
{
    static char names[256][24];

    assert_true(domains <= COUNT_OF(names));
    fake_start(&fake, domains);
    for (size_t i = 0; i < domains; i++) {
        snprintf(names[i], sizeof(names[i]), "vm%zu", i + 1);
        fake.domains[i].name = names[i];
        fake.domains[i].xml = xml_plain;
        fake_state(&fake.domains[i], stats_plain);
    }
    told_count = 0;
    fake_images_set(NULL, 0);
    fake_log_reset();
    for (size_t i = 0; i < LANES; i++)
        tables[i] = fake_table(&fake);
    crew = (struct fake_crew){.fake = &fake, .now = SCENE_START};
    crew_table = fake_crew_table(&crew);
    settings = settings_new();
    assert_non_null(settings);
    settings->timeout = TIMEOUT;
    collector = collector_new(settings, tables, &crew_table, &fake_images,
                              &teller, &fake_log);
    assert_non_null(collector);
}

void close_scene(void)
{
    /* Nothing is left with a porter: each pass has waited for all. */
    assert_true(collector_free(collector));
    settings_free(settings);
    fake_stop(&fake);
}

void set(const char *option, const char *value)
{
    char error[512];

    if (!settings_set(settings, option, value, error, sizeof(error)))
        fail_msg("%s", error);
}

const struct inventory *pass(void)
{
    double start = crew.now;
    const struct inventory *inventory = collector_read(collector);

    spent = crew.now - start;
    assert_true(spent <= settings->timeout);
    crew.now = start + 10;
    return inventory;
}

const struct layer *layer_of(const struct inventory *inventory, size_t domain,
                             size_t layer)
{
    assert_true(domain < inventory->count);
    assert_true(inventory->domains[domain]->disk_count > 0);
    assert_true(layer < inventory->domains[domain]->disks[0].layer_count);
    return &inventory->domains[domain]->disks[0].layers[layer];
}

void assert_size(uint64_t size, uint64_t expected)
{
    if (size != expected)
        fail_msg("%lld, not %lld", (long long)size, (long long)expected);
}

void assert_reads(unsigned expected)
{
    assert_int_equal(fake_images_reads(), expected);
}

void hear(const struct event *event)
{
    crew.now += 0.001;
    collector_hear(collector, event);
}

bool attend(void)
{
    return collector_attend(collector);
}
