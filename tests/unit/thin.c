/* SPDX-License-Identifier: MIT */
#include "thin.h"

const char xml_thin[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/thin' index='2'/>"
           "<backingStore type='block' index='1'><format type='qcow2'/>"
           "<source dev='/dev/base'/><backingStore/></backingStore>"
           "<target dev='vda'/><alias name='virtio-disk0'/></disk>");

struct thin thin;

const char *thin_text(void)
{
    static char text[1024];

    snprintf(text, sizeof(text),
             "state.state=%d\nstate.reason=%d\nblock.count=2\n"
             "block.0.name=vda\nblock.0.path=/dev/thin\n"
             "block.0.backingIndex=2\nblock.0.capacity=104857600\n"
             "block.0.physical=%llu\nblock.0.allocation=%llu\n"
             "block.0.threshold=%llu\n"
             "block.1.name=vda\nblock.1.path=/dev/base\n"
             "block.1.backingIndex=1\nblock.1.capacity=104857600\n"
             "block.1.physical=%llu\nblock.1.allocation=%llu\n"
             "block.1.threshold=%llu\n",
             thin.paused || thin.suspended ? 3 : 1, thin.paused ? 5 : 1,
             thin.size * MIB, thin.end * MIB, thin.threshold,
             thin.base_size * MIB, thin.base_end * MIB, thin.base_threshold);
    return text;
}

void show(void)
{
    fake_state(&fake.domains[0], thin_text());
}

void reset(void)
{
    thin.size = 10;
    thin.end = 4;
    thin.base_size = 8;
    thin.base_end = 0;
    thin.threshold = thin.base_threshold = 0;
    thin.paused = thin.suspended = false;
}

void open_thin(void)
{
    open_scene(1);
    reset();
    fake.domains[0].xml = xml_thin;
    show();
}

static const char xml_above_thin[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/top' index='3'/>"
           "<backingStore type='block' index='2'><format type='qcow2'/>"
           "<source dev='/dev/thin'/>"
           "<backingStore type='block' index='1'><format type='qcow2'/>"
           "<source dev='/dev/base'/><backingStore/></backingStore>"
           "</backingStore>"
           "<target dev='vda'/><alias name='virtio-disk0'/></disk>");

void show_above_thin(bool paused)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "state.state=%d\nstate.reason=%d\nblock.count=3\n"
             "block.0.name=vda\nblock.0.path=/dev/top\n"
             "block.0.backingIndex=3\nblock.0.capacity=104857600\n"
             "block.0.physical=10485760\nblock.0.allocation=262144\n"
             "block.1.name=vda\nblock.1.path=/dev/thin\n"
             "block.1.backingIndex=2\nblock.1.capacity=104857600\n"
             "block.1.physical=10485760\nblock.1.allocation=9437184\n"
             "block.2.name=vda\nblock.2.path=/dev/base\n"
             "block.2.backingIndex=1\nblock.2.capacity=104857600\n"
             "block.2.physical=8388608\nblock.2.allocation=0\n",
             paused ? 3 : 1, paused ? 5 : 1);
    fake.domains[0].xml = xml_above_thin;
    fake_state(&fake.domains[0], text);
}

void open_armed(void)
{
    open_thin();
    set("WatermarkFree", "2M");
    pass();
    thin.threshold = OWN(8 * MIB);
    thin.base_threshold = OWN(6 * MIB);
    show();
}

struct event event_of(enum event_kind kind, const char *device)
{
    struct event event = {.kind = kind};

    event.uuid[UUID_BYTES - 1] = 1;
    snprintf(event.device, sizeof(event.device), "%s", device);
    return event;
}

void cross(const char *device, unsigned long long mark)
{
    struct event event = event_of(EVENT_THRESHOLD, device);

    event.threshold = OWN(mark);
    event.excess = mark + 65536 - event.threshold;
    hear(&event);
    /* The device may have grown since the last pass. */
    assert_true(attend());
}

void fail_io(const char *reason, bool paused)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    snprintf(event.reason, sizeof(event.reason), "%s", reason);
    snprintf(event.path, sizeof(event.path), "/dev/thin");
    event.paused = paused;
    hear(&event);
    attend();
}

bool happen(enum event_kind kind)
{
    struct event event = event_of(kind, "");

    hear(&event);
    return attend();
}

void hear_of_job(enum job_kind job, enum job_end end)
{
    struct event event = event_of(EVENT_JOB, "vda");

    event.job = job;
    event.end = end;
    hear(&event);
}

bool end_job(enum job_kind job, enum job_end end)
{
    hear_of_job(job, end);
    return attend();
}

unsigned errands(enum errand_kind kind)
{
    return fake.errands[kind];
}

void assert_told(size_t i, enum severity severity, const char *series,
                 const char *message)
{
    char name[4 * IDENTITY_SIZE];

    if (i >= told_count)
        fail_msg("no notice %zu: %s", i, message);
    snprintf(name, sizeof(name), "%s/%s/%s-%s", told[i].host,
             told[i].plugin_instance, told[i].type, told[i].type_instance);
    assert_string_equal(told[i].message, message);
    assert_string_equal(name, series);
    assert_int_equal(told[i].severity, severity);
}

static const char xml_base_alone[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/base' index='1'/><backingStore/>"
           "<target dev='vda'/><alias name='virtio-disk0'/></disk>");

void show_base_alone(unsigned long long end, unsigned long long size)
{
    char text[512];

    snprintf(text, sizeof(text),
             "state.state=1\nblock.count=1\nblock.0.name=vda\n"
             "block.0.path=/dev/base\nblock.0.backingIndex=1\n"
             "block.0.capacity=104857600\nblock.0.physical=%llu\n"
             "block.0.allocation=%llu\n",
             size, end);
    fake.domains[0].xml = xml_base_alone;
    fake_state(&fake.domains[0], text);
}
