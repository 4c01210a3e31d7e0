/* SPDX-License-Identifier: MIT
 *
 * Passes of a collector: storage volumes, and images that are looked at and
 * read.
 */
#include "scene.h"

#include <stdio.h>

/* --- storage volumes ----------------------------------------------------- */

static void volume_is_looked_up_once(void **state)
{
    static const struct fake_image images[] = {
        {.path = "/a",
         .look = {.storage = STORAGE_FILE, .length = 2048, .blocks = 512}}};

    (void)state;
    open_scene(1);
    fake_images_set(images, COUNT_OF(images));
    fake.volume = STORAGE_FILE;
    fake.domains[0].xml = DOMAIN(
        "<disk type='volume'><driver type='qcow2'/>"
        "<source pool='p' volume='v' index='1'/><target dev='vda'/></disk>");
    const struct layer *layer = layer_of(pass(), 0, 0);
    assert_int_equal(layer->storage, STORAGE_FILE);
    assert_size(layer->sizes.allocation, 512);
    assert_size(layer->sizes.physical, 2048);
    assert_int_equal(fake.volumes, 1);
    assert_int_equal(pass()->calls, 1);
    assert_int_equal(fake.volumes, 1);
    close_scene();
}

/* --- LocalImages --------------------------------------------------------- */

static const struct fake_image image_of_a[] = {
    {.path = "/a",
     .look = {.storage = STORAGE_FILE, .length = 2048, .blocks = 512}}};

static uint64_t physical_with(const char *local_images, bool local)
{
    open_scene(1);
    fake_images_set(image_of_a, COUNT_OF(image_of_a));
    fake.local = local;
    set("LocalImages", local_images);
    uint64_t physical = layer_of(pass(), 0, 0)->sizes.physical;
    assert_int_equal(fake_images_looks() > 0, physical != SIZE_UNKNOWN);
    close_scene();
    return physical;
}

static void local_images(void **state)
{
    (void)state;
    assert_size(physical_with("auto", true), 2048);
    assert_size(physical_with("auto", false), SIZE_UNKNOWN);
    assert_size(physical_with("true", true), 2048);
    assert_size(physical_with("true", false), 2048);
    assert_size(physical_with("false", true), SIZE_UNKNOWN);
    assert_size(physical_with("false", false), SIZE_UNKNOWN);
}

/* What was seen once is not true for ever. */
static void images_are_looked_at_in_each_pass(void **state)
{
    (void)state;
    open_scene(1);
    fake_images_set(image_of_a, COUNT_OF(image_of_a));
    assert_size(layer_of(pass(), 0, 0)->sizes.physical, 2048);
    fake_images_set(NULL, 0);
    assert_size(layer_of(pass(), 0, 0)->sizes.physical, SIZE_UNKNOWN);
    assert_int_equal(fake_images_looks(), 1);
    fake_images_set(image_of_a, COUNT_OF(image_of_a));
    assert_size(layer_of(pass(), 0, 0)->sizes.physical, 2048);
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* Nobody opens what the chain does not name as a local file. */
static void only_files_are_looked_at(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].xml = DOMAIN(DISK(
        "block", "dev", "/dev/x", "1",
        "vda") "<disk type='network'>"
               "<driver type='raw'/><source protocol='rbd' name='/a'/>"
               "<target dev='vdb'/></disk><disk type='dir'><source dir='/d'/>"
               "<target dev='fda'/></disk>");
    pass();
    /* The device, whose number is looked for, and which is read. */
    assert_int_equal(fake_images_looks(), 2);
    assert_reads(1);
    close_scene();
}

/* --- images -------------------------------------------------------------- */

/* A device with a qcow2 image on it that ends there. */
#define DEVICE(device_path, number, image_end)                                 \
    {                                                                          \
        .path = (device_path),                                                 \
        .look = {.storage = STORAGE_BLOCK, .device = (number)},                \
        .image = {.length = 8388608,                                           \
                  .capacity = 134217728,                                       \
                  .end = (image_end),                                          \
                  .largest = 134545408},                                       \
    }

static const char xml_device[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/top' index='2'/><backingStore type='block' "
           "index='1'><format type='qcow2'/><source dev='/dev/base'/>"
           "<backingStore/></backingStore><target dev='vda'/></disk>");

/* What QEMU says to have written to the two. */
static void device_state(struct fake_domain *domain, const char *top,
                         const char *base)
{
    char stats[512];

    snprintf(stats, sizeof(stats),
             "block.count=2\nblock.0.name=vda\nblock.0.path=/dev/top\n"
             "block.0.backingIndex=2\nblock.0.allocation=%s\n"
             "block.0.capacity=134217728\nblock.0.physical=8388608\n"
             "block.1.name=vda\nblock.1.path=/dev/base\n"
             "block.1.backingIndex=1\nblock.1.allocation=%s\n"
             "block.1.capacity=134217728\nblock.1.physical=8388608\n",
             top, base);
    fake_state(domain, stats);
}

/* After a restart QEMU has written nothing: the images say where they end,
 * from the first pass on. */
static void ends_are_known_from_the_first_pass(void **state)
{
    static const struct fake_image images[] = {DEVICE("/dev/top", 1, 3473408),
                                               DEVICE("/dev/base", 2, 1376256)};

    (void)state;
    open_scene(1);
    fake_images_set(images, COUNT_OF(images));
    fake.domains[0].xml = xml_device;
    device_state(&fake.domains[0], "0", "0");
    const struct inventory *inventory = pass();
    assert_size(layer_of(inventory, 0, 0)->sizes.allocation, 3473408);
    assert_size(layer_of(inventory, 0, 0)->headroom, 8388608 - 3473408);
    assert_size(layer_of(inventory, 0, 1)->sizes.allocation, 1376256);
    /* Nobody writes to it. */
    assert_size(layer_of(inventory, 0, 1)->headroom, SIZE_UNKNOWN);
    assert_true(layer_of(inventory, 0, 1)->percent == PERCENT_UNKNOWN);

    /* Rewritten below the end, and then beyond it. */
    device_state(&fake.domains[0], "393216", "0");
    assert_size(layer_of(pass(), 0, 0)->sizes.allocation, 3473408);
    device_state(&fake.domains[0], "4194304", "0");
    assert_size(layer_of(pass(), 0, 0)->sizes.allocation, 4194304);
    assert_reads(2);
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* A commit writes to the base: it then has a headroom, until ... */
static void target_of_a_commit_is_written(void **state)
{
    static const struct fake_image images[] = {DEVICE("/dev/top", 1, 3473408),
                                               DEVICE("/dev/base", 2, 1376256)};

    (void)state;
    open_scene(1);
    fake_images_set(images, COUNT_OF(images));
    fake.domains[0].xml = xml_device;
    /* It wrote there before it was first seen. */
    device_state(&fake.domains[0], "0", "65536");
    assert_size(layer_of(pass(), 0, 1)->headroom, SIZE_UNKNOWN);
    device_state(&fake.domains[0], "0", "2097152");
    const struct layer *layer = layer_of(pass(), 0, 1);
    assert_size(layer->sizes.allocation, 2097152);
    assert_size(layer->headroom, 8388608 - 2097152);
    assert_true(layer->percent == 25);
    /* ... also across a reading of the XML for no reason. */
    crew.now += REFRESH;
    layer = layer_of(pass(), 0, 1);
    assert_int_equal(fake.xmls, 2);
    assert_size(layer->headroom, 8388608 - 2097152);
    close_scene();
}

/* Also where the images can't be looked at. */
static void target_of_a_commit_elsewhere(void **state)
{
    (void)state;
    open_scene(1);
    fake.local = false;
    fake.domains[0].xml = xml_device;
    device_state(&fake.domains[0], "0", "0");
    assert_true(layer_of(pass(), 0, 1)->percent == PERCENT_UNKNOWN);
    device_state(&fake.domains[0], "0", "2097152");
    assert_true(layer_of(pass(), 0, 1)->percent == 25);
    crew.now += REFRESH;
    assert_true(layer_of(pass(), 0, 1)->percent == 25);
    assert_int_equal(fake.xmls, 2);
    close_scene();
}

/* Mirror and scratch image are written to as long as they are there; what the
 * guest can't write to is not. */
static void who_is_written_to(void **state)
{
    static const char stats[] =
        "block.count=2\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=1\nblock.0.capacity=4096\nblock.0.physical=512\n"
        "block.1.name=vda\nblock.1.path=/m\nblock.1.backingIndex=4\n"
        "block.1.capacity=4096\nblock.1.physical=1024\n";
    static const char xml[] =
        DOMAIN("<disk type='file'>%s<driver type='qcow2'/>"
               "<source file='/a' index='1'/><mirror type='file' job='copy'>"
               "<format type='qcow2'/><source file='/m' index='4'/></mirror>"
               "<target dev='vda'/></disk>");
    char text[2][512];

    (void)state;
    open_scene(2);
    for (size_t i = 0; i < 2; i++) {
        snprintf(text[i], sizeof(text[i]), xml, i == 1 ? "<readonly/>" : "");
        fake.domains[i].xml = text[i];
        fake_state(&fake.domains[i], stats);
    }
    const struct inventory *inventory = pass();
    assert_true(layer_of(inventory, 0, 0)->percent == 12.5);
    assert_true(layer_of(inventory, 0, 1)->percent == 25);
    assert_true(layer_of(inventory, 1, 0)->percent == PERCENT_UNKNOWN);
    assert_true(layer_of(inventory, 1, 1)->percent == 25);
    close_scene();
}

/* In a steady state one look at each file, and nothing is opened, whatever the
 * XML is read for. */
static void steady_state_opens_nothing(void **state)
{
    static const struct fake_image images[] = {
        {.path = "/a",
         .look = {.storage = STORAGE_FILE, .length = 2048, .blocks = 512},
         .free_space = 100,
         .image = {.largest = 99999}}};

    (void)state;
    open_scene(3);
    fake_images_set(images, COUNT_OF(images));
    pass();
    assert_reads(3);
    for (unsigned i = 0; i < 100; i++) {
        unsigned looks = fake_images_looks();
        assert_size(layer_of(pass(), 0, 0)->headroom, 100);
        assert_int_equal(fake_images_looks() - looks, 3);
    }
    assert_true(fake.xmls > 3 * 10);
    assert_reads(3);
    /* After a restart of the VM they are read again. */
    fake.domains[0].id = 77;
    pass();
    assert_reads(4);
    close_scene();
}

/* Nothing is opened that must not be looked at. */
static void other_hosts_images_are_not_read(void **state)
{
    (void)state;
    open_scene(1);
    fake.local = false;
    pass();
    assert_int_equal(fake_images_reads(), 0);
    assert_int_equal(fake_images_looks(), 0);
    close_scene();
}

/* A snapshot, and the layer that it was taken of: the one is new, and the
 * other's end is not what it was when it was last read. */
static void changed_chain_is_read_again(void **state)
{
    (void)state;
    open_scene(1);
    pass();
    assert_reads(1);
    fake_state(&fake.domains[0], stats_snapshot);
    fake.domains[0].xml = xml_snapshot;
    pass();
    assert_reads(3);
    close_scene();
}

/* A disk that is resized: its largest size is another one. */
static void resized_image_is_read_again(void **state)
{
    static const char resized[] =
        "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=1\nblock.0.allocation=700\n"
        "block.0.capacity=8192\nblock.0.physical=1024\n";
    static const char busy[] =
        "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=1\n";

    (void)state;
    open_scene(1);
    pass();
    pass();
    assert_reads(1);
    fake_state(&fake.domains[0], resized);
    pass();
    assert_reads(2);
    pass();
    /* A busy domain, of which no figure is stated, is not a resized one. */
    fake_state(&fake.domains[0], busy);
    pass();
    assert_reads(2);
    close_scene();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(volume_is_looked_up_once),
        cmocka_unit_test(local_images),
        cmocka_unit_test(images_are_looked_at_in_each_pass),
        cmocka_unit_test(only_files_are_looked_at),
        cmocka_unit_test(ends_are_known_from_the_first_pass),
        cmocka_unit_test(target_of_a_commit_is_written),
        cmocka_unit_test(target_of_a_commit_elsewhere),
        cmocka_unit_test(who_is_written_to),
        cmocka_unit_test(steady_state_opens_nothing),
        cmocka_unit_test(other_hosts_images_are_not_read),
        cmocka_unit_test(changed_chain_is_read_again),
        cmocka_unit_test(resized_image_is_read_again),
    };

    return cmocka_run_group_tests_name("collector-images", tests, NULL, NULL) !=
           0;
}
