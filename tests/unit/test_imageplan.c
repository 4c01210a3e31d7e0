/* SPDX-License-Identifier: MIT
 *
 * Which images are read when, and where that is put. The porters are the real
 * ones, the images are on paper.
 */
#include "fake_hypervisor.h"
#include "fake_log.h"
#include "imageplan.h"
#include "threads.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL 300

/* --- the scene: one domain ----------------------------------------------- */

static struct imageplan plan;
static struct domain domain;

static int open_scene(void **state)
{
    (void)state;
    fake_log_reset();
    plan = (struct imageplan){
        .porters = porters_new(4),
        .images = &fake_images,
        .log = &fake_log,
        .interval = INTERVAL,
    };
    domain = (struct domain){.uuid = {7}, .id = 1};
    return plan.porters == NULL ? -1 : 0;
}

static int close_scene(void **state)
{
    (void)state;
    assert_true(porters_free(plan.porters, survey_drop));
    domain_clear(&domain);
    return 0;
}

static struct disk *add_disk(struct domain *to, const char *target)
{
    struct disk *disk = domain_add_disk(to, target);

    assert_non_null(disk);
    return disk;
}

/* The next layer of the disk's chain. */
static struct layer *add_layer(struct disk *disk, const char *path,
                               const char *format)
{
    struct layer *layer = disk_add_layer(disk);

    assert_non_null(layer);
    layer->depth = (unsigned)disk->layer_count - 1;
    layer->index = layer->depth + 1;
    layer->storage = STORAGE_FILE;
    layer->path = path == NULL ? NULL : strdup(path);
    layer->format = format == NULL ? NULL : strdup(format);
    layer->written = layer->depth == 0;
    return layer;
}

static struct domain *find(const void *context,
                           const unsigned char uuid[UUID_BYTES])
{
    const struct domain *const *known = context;

    return *known != NULL && memcmp((*known)->uuid, uuid, UUID_BYTES) == 0
               ? (struct domain *)(uintptr_t)*known
               : NULL;
}

static void wait_for_all(void)
{
    porters_wait(plan.porters, threads_now() + 60);
}

static void deliver(void)
{
    const struct domain *known = &domain;

    wait_for_all();
    imageplan_deliver(&plan, find, &known);
}

/* Number of images that were read at that time. */
static unsigned reads_at(double now)
{
    unsigned before = fake_images_reads();

    imageplan_ask(&plan, &domain, now);
    deliver();
    return fake_images_reads() - before;
}

/* --- images -------------------------------------------------------------- */

#define TEXT(text) ((char *)(uintptr_t)(text))
#define FILE_ON(number, file, name, format)                                    \
    {                                                                          \
        .path = (file),                                                        \
        .look = {.storage = STORAGE_FILE, .device = 1, .inode = (number)},     \
        .image = {.length = 100000,                                            \
                  .capacity = 1000 + (number),                                 \
                  .end = 500 + (number),                                       \
                  .backing_name = TEXT(name),                                  \
                  .backing_format = TEXT(format)},                             \
    }

static const struct fake_image chain[] = {
    FILE_ON(1, "/a", "/b", "qcow2"),
    FILE_ON(2, "/b", "/c", "raw"),
    FILE_ON(3, "/c", NULL, NULL),
};

static void assert_read(const struct layer *layer, unsigned number)
{
    assert_int_equal(layer->image_state, IMAGE_READ);
    assert_false(layer->image_asked);
    assert_true(layer->image.end == 500 + number);
    assert_true(layer->image.seen.inode == number);
}

/* --- which, and when ----------------------------------------------------- */

static void running_chain_is_read_once(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    assert_int_equal(reads_at(1000), 2);
    assert_int_equal(disk->layer_count, 2);
    assert_read(&disk->layers[0], 1);
    assert_read(&disk->layers[1], 2);
    for (unsigned i = 1; i < INTERVAL; i += 10)
        assert_int_equal(reads_at(1000 + i), 0);
    assert_int_equal(fake_log_count(), 0);
}

/* What is written to is not read again: QEMU's own figure tells the rest. */
static void layers_below_are_read_again(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    assert_int_equal(reads_at(1000), 2);
    assert_int_equal(reads_at(1299.5), 0);
    assert_int_equal(reads_at(1300), 1);
    assert_int_equal(reads_at(1301), 0);
    assert_int_equal(reads_at(1599), 0);
    assert_int_equal(reads_at(1600), 1);
    /* While a commit writes there ... */
    disk->layers[1].written = true;
    assert_int_equal(reads_at(3000), 0);
    /* ... and after it. */
    disk->layers[1].written = false;
    assert_int_equal(reads_at(3001), 1);
}

/* An internal snapshot may have been taken on the way to its largest size. */
static void image_that_grows_is_read_again(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", NULL, NULL)};
    struct layer *layer = add_layer(add_disk(&domain, "vda"), "/a", "qcow2");

    (void)state;
    images[0].image.end = 1000;
    images[0].image.largest = 9000;
    fake_images_set(images, COUNT_OF(images));
    layer->stated.allocation = 0;
    assert_int_equal(reads_at(1000), 1);
    layer->stated.allocation = 5000;
    assert_int_equal(reads_at(9000), 0);
    layer->stated.allocation = 5001;
    assert_int_equal(reads_at(9000), 1);
    assert_int_equal(reads_at(9001), 0);
    layer->stated.allocation = 7001;
    assert_int_equal(reads_at(9001), 1);

    images[0].image.largest = SIZE_UNBOUNDED;
    layer->stated.allocation = 8500;
    assert_int_equal(reads_at(9002), 1);
    layer->stated.allocation = 20000;
    assert_int_equal(reads_at(19000), 0);
}

/* What can't be, such as a bound that does not hold, costs no more than a
 * reading in each interval. */
static void image_beyond_its_bound_is_read_now_and_then(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", NULL, NULL)};
    struct layer *layer = add_layer(add_disk(&domain, "vda"), "/a", "qcow2");

    (void)state;
    images[0].image.largest = 5000;
    fake_images_set(images, COUNT_OF(images));
    layer->stated.allocation = 5000;
    assert_int_equal(reads_at(1000), 1);
    assert_int_equal(reads_at(1300), 0);
    layer->stated.allocation = 5001;
    assert_int_equal(reads_at(1310), 1);
    layer->stated.allocation = 6000;
    assert_int_equal(reads_at(1320), 0);
    assert_int_equal(reads_at(1610), 1);
}

/* However long the reading takes: domains that are off are asked for in step
 * with the interval, and would else miss every second turn. */
static void interval_begins_with_the_question(void **state)
{
    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(add_disk(&domain, "vda"), "/a", "qcow2")->written = false;
    imageplan_ask(&plan, &domain, 1000);
    wait_for_all();
    assert_int_equal(reads_at(1100), 0);
    assert_int_equal(reads_at(1300), 1);
}

/* A device that could not be read for a moment, say. */
static void active_layer_is_tried_again(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", NULL, NULL)};
    struct layer *layer = add_layer(add_disk(&domain, "vda"), "/a", "qcow2");

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    images[0].trouble = fake_denied;
    assert_int_equal(reads_at(1000), 1);
    assert_int_equal(reads_at(1299), 0);
    images[0].trouble = NULL;
    assert_int_equal(reads_at(1300), 1);
    assert_read(layer, 1);
    assert_int_equal(reads_at(1600), 0);
}

/* While a machine migrates to this host its sizes are not known. */
static void image_is_read_when_its_capacity_becomes_known(void **state)
{
    struct layer *layer = add_layer(add_disk(&domain, "vda"), "/a", "qcow2");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    assert_int_equal(reads_at(1000), 1);
    layer->stated.capacity = 1001;
    assert_int_equal(reads_at(1010), 1);
    assert_int_equal(reads_at(1020), 0);
}

static void disk_that_is_not_written_is_read_again(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2")->written = false;
    assert_int_equal(reads_at(1000), 1);
    assert_int_equal(reads_at(1300), 1);
}

static void nothing_is_asked_twice_at_a_time(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    assert_true(imageplan_ask(&plan, &domain, 1000));
    assert_true(disk->layers[0].image_asked);
    assert_false(imageplan_ask(&plan, &domain, 1001));
    assert_false(imageplan_ask(&plan, &domain, 2000));
    deliver();
    assert_int_equal(fake_images_reads(), 2);
    /* The second time is no news. */
    assert_false(imageplan_ask(&plan, &domain, 2300));
    deliver();
    assert_int_equal(fake_images_reads(), 3);
}

static void only_declared_local_qcow2_is_read(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "raw");
    add_layer(disk, "/a", NULL);
    add_layer(disk, "/a", "vmdk");
    add_layer(disk, NULL, "qcow2");
    add_layer(disk, "/a", "qcow2")->storage = STORAGE_NETWORK;
    add_layer(disk, "/a", "qcow2")->storage = STORAGE_NONE;
    add_layer(disk, "/a", "qcow2")->storage = STORAGE_VOLUME;
    add_layer(disk, "/a", "qcow2")->storage = STORAGE_UNKNOWN;
    assert_int_equal(reads_at(1000), 0);
    add_layer(disk, "/a", "qcow2")->storage = STORAGE_BLOCK;
    assert_int_equal(reads_at(1000), 1);
}

/* The chain of a running domain is known: what an image says of the one below
 * it is not asked. */
static void running_chain_is_not_followed(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    assert_int_equal(reads_at(1000), 1);
    assert_int_equal(disk->layer_count, 1);
    assert_read(&disk->layers[0], 1);
}

static void disks_do_not_mix(void **state)
{
    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    /* Twice the same image, as of two read-only disks. */
    add_layer(add_disk(&domain, "vda"), "/a", "qcow2");
    add_layer(add_disk(&domain, "vdb"), "/b", "qcow2");
    add_layer(add_disk(&domain, "vdc"), "/a", "qcow2");
    assert_int_equal(reads_at(1000), 3);
    assert_read(&domain.disks[0].layers[0], 1);
    assert_read(&domain.disks[1].layers[0], 2);
    assert_read(&domain.disks[2].layers[0], 1);
}

/* --- domains that are off ------------------------------------------------ */

static struct disk *add_off_disk(void)
{
    domain.id = DOMAIN_OFF;
    struct disk *disk = add_disk(&domain, "vda");
    add_layer(disk, "/a", "qcow2")->written = false;
    disk->own = 1;
    return disk;
}

static void chain_of_a_domain_that_is_off_is_followed(void **state)
{
    struct disk *disk = add_off_disk();

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    assert_false(disk_chain_is_known(&domain, disk));
    imageplan_ask(&plan, &domain, 1000);
    assert_false(disk_chain_is_known(&domain, disk));
    deliver();
    assert_true(disk_chain_is_known(&domain, disk));
    assert_int_equal(disk->layer_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(disk->layers[i].depth, i);
        assert_int_equal(disk->layers[i].role, ROLE_CHAIN);
        assert_int_equal(disk->layers[i].storage, STORAGE_FILE);
        assert_read(&disk->layers[i], i + 1);
    }
    assert_string_equal(disk->layers[1].path, "/b");
    assert_string_equal(disk->layers[1].format, "qcow2");
    assert_string_equal(disk->layers[2].path, "/c");
    assert_string_equal(disk->layers[2].format, "raw");
    assert_int_equal(fake_log_count(), 0);
    /* As a whole, after the interval. */
    assert_int_equal(reads_at(1299), 0);
    assert_int_equal(reads_at(1300), 3);
    assert_int_equal(disk->layer_count, 3);
}

/* A chain that becomes shorter. */
static void chain_is_followed_anew(void **state)
{
    static const struct fake_image one[] = {FILE_ON(1, "/a", NULL, NULL)};
    struct disk *disk = add_off_disk();

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    reads_at(1000);
    assert_int_equal(disk->layer_count, 3);
    fake_images_set(one, COUNT_OF(one));
    reads_at(1300);
    assert_int_equal(disk->layer_count, 1);
}

/* Where the XML says the chain, or where it ends, it is right. */
static void chain_that_is_given_is_not_followed(void **state)
{
    struct disk *disk = add_off_disk();

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    disk->given = true;
    assert_int_equal(reads_at(1000), 1);
    assert_int_equal(disk->layer_count, 1);
    add_layer(disk, "/b", "qcow2");
    disk->own = 2;
    assert_int_equal(reads_at(1001), 1);
    assert_int_equal(disk->layer_count, 2);
    assert_read(&disk->layers[1], 2);
}

static void chain_that_breaks_off(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", "/b", "qcow2"),
                                  FILE_ON(2, "/b", "/c", "qcow2")};
    struct disk *disk = add_off_disk();

    (void)state;
    /* Missing: a layer of which no more is known. */
    fake_images_set(images, COUNT_OF(images));
    reads_at(1000);
    assert_int_equal(disk->layer_count, 3);
    assert_true(disk->layers[2].missing);
    assert_string_equal(disk->layers[2].path, "/c");
    assert_int_equal(disk->layers[2].storage, STORAGE_UNKNOWN);
    assert_int_equal(disk->layers[2].image_state, IMAGE_UNREADABLE);
    assert_int_equal(fake_log_count(), 1);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    assert_non_null(strstr(fake_log_last(), "/c"));
    assert_non_null(strstr(fake_log_last(), "no such file"));
    reads_at(1300);
    reads_at(1600);
    assert_int_equal(fake_log_count(), 1);

    /* There, but unreadable: a layer of which little is known. */
    images[1].trouble = "marked as corrupt";
    reads_at(1900);
    assert_int_equal(disk->layer_count, 2);
    assert_int_equal(disk->layers[1].image_state, IMAGE_UNREADABLE);
    assert_int_equal(fake_log_count(), 2);
    assert_non_null(strstr(fake_log_last(), "/b"));
    reads_at(2200);
    assert_int_equal(fake_log_count(), 2);
}

static void chain_that_loops(void **state)
{
    static const struct fake_image images[] = {FILE_ON(1, "/a", "/b", "qcow2"),
                                               FILE_ON(2, "/b", "/a", "qcow2")};
    struct disk *disk = add_off_disk();

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    reads_at(1000);
    assert_int_equal(disk->layer_count, 2);
    reads_at(1300);
    assert_int_equal(fake_log_count(), 1);
}

/* Of an image behind a network nobody knows a size. */
static void chain_that_leads_to_the_network(void **state)
{
    static const struct fake_image images[] = {
        FILE_ON(1, "/a", "nbd://host/b", "raw")};
    struct disk *disk = add_off_disk();

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    assert_int_equal(reads_at(1000), 1);
    assert_int_equal(disk->layer_count, 2);
    const struct layer *layer = &disk->layers[1];
    assert_int_equal(layer->storage, STORAGE_NETWORK);
    assert_string_equal(layer->format, "raw");
    assert_null(layer->path);
    assert_int_equal(layer->depth, 1);
    assert_int_equal(layer->image_state, IMAGE_UNREAD);
    assert_true(disk_chain_is_known(&domain, disk));
    assert_int_equal(fake_log_count(), 0);
}

/* --- what is told -------------------------------------------------------- */

static void trouble_is_told_once_while_it_lasts(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", NULL, NULL)};
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    add_layer(disk, "/a", "qcow2")->written = false;
    images[0].trouble = "marked as corrupt";
    reads_at(1000);
    assert_int_equal(fake_log_count(), 1);
    assert_non_null(strstr(fake_log_last(), "/a"));
    assert_non_null(strstr(fake_log_last(), "marked as corrupt"));
    assert_int_equal(disk->layers[0].image_state, IMAGE_UNREADABLE);
    assert_int_equal(reads_at(1300), 1);
    assert_int_equal(fake_log_count(), 1);
    /* Another trouble is another line. */
    images[0].trouble = "header too short";
    reads_at(1600);
    assert_int_equal(fake_log_count(), 2);
    /* Good again. */
    images[0].trouble = NULL;
    reads_at(1900);
    assert_read(&disk->layers[0], 1);
    assert_int_equal(fake_log_count(), 2);
    images[0].trouble = "header too short";
    reads_at(2200);
    assert_int_equal(fake_log_count(), 3);
}

static void doubt_is_told(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", NULL, NULL),
                                  FILE_ON(2, "/b", NULL, NULL)};
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    images[0].image.dirty = images[1].image.dirty = true;
    images[1].look.storage = STORAGE_BLOCK;
    fake_images_set(images, COUNT_OF(images));
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    /* QEMU has mended the active layer. */
    reads_at(1000);
    assert_int_equal(fake_log_count(), 1);
    assert_non_null(strstr(fake_log_last(), "/b"));
    assert_non_null(strstr(fake_log_last(), "not closed"));
    assert_read(&disk->layers[1], 2);
    reads_at(1300);
    assert_int_equal(fake_log_count(), 1);

    images[1].image.dirty = false;
    images[1].image.length = 100;
    reads_at(1600);
    assert_int_equal(fake_log_count(), 2);
    assert_non_null(strstr(fake_log_last(), "beyond"));
}

/* More than the log's memory of images holds. */
static void many_troubles_are_told_once_each(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    for (unsigned i = 0; i < 2 * IMAGEPLAN_TOLD_MAX; i++) {
        char path[32];
        snprintf(path, sizeof(path), "/missing-%u", i);
        add_layer(disk, path, "qcow2")->written = false;
    }
    reads_at(1000);
    assert_int_equal(fake_log_count(), 2 * IMAGEPLAN_TOLD_MAX);
    reads_at(1300);
    reads_at(1600);
    assert_int_equal(fake_log_count(), 2 * IMAGEPLAN_TOLD_MAX);
}

/* What an image said when it could be read no longer counts. */
static void unreadable_image_leaves_no_figure(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", "/b", "raw")};
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    add_layer(disk, "/a", "qcow2")->written = false;
    reads_at(1000);
    images[0].trouble = "marked as corrupt";
    reads_at(1300);
    assert_int_equal(disk->layers[0].image_state, IMAGE_UNREADABLE);
    assert_null(disk->layers[0].image.backing_name);
    /* What stat says holds. */
    assert_true(disk->layers[0].image.seen.inode == 1);
}

static void denied_is_told_once_for_all(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", NULL, NULL),
                                  FILE_ON(2, "/b", NULL, NULL),
                                  FILE_ON(3, "/c", NULL, NULL)};

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    images[0].trouble = images[1].trouble = fake_denied;
    images[2].trouble = "marked as corrupt";
    add_layer(add_disk(&domain, "vda"), "/a", "qcow2");
    add_layer(add_disk(&domain, "vdb"), "/b", "qcow2");
    reads_at(1000);
    assert_int_equal(fake_log_count(), 1);
    assert_non_null(strstr(fake_log_last(), "permission denied"));
    assert_non_null(strstr(fake_log_last(), "others"));
    /* Of other troubles each is told. */
    add_layer(add_disk(&domain, "vdc"), "/c", "qcow2");
    reads_at(1001);
    assert_int_equal(fake_log_count(), 2);
    assert_null(strstr(fake_log_last(), "others"));
}

/* The end of a chain that can't be read, and now and then the active layer
 * too: what stays the same is told once. */
static void troubles_that_take_turns(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", "/b", "qcow2")};

    (void)state;
    add_off_disk();
    fake_images_set(images, COUNT_OF(images));
    reads_at(1000);
    assert_int_equal(fake_log_count(), 1);
    images[0].trouble = "marked as corrupt";
    reads_at(1300);
    assert_int_equal(fake_log_count(), 2);
    images[0].trouble = NULL;
    reads_at(1600);
    assert_int_equal(fake_log_count(), 2);
    images[0].trouble = "marked as corrupt";
    reads_at(1900);
    assert_int_equal(fake_log_count(), 3);
    reads_at(2200);
    assert_int_equal(fake_log_count(), 3);
}

/* --- what is gone when the answer comes ---------------------------------- */

static void answer_for_a_domain_that_is_gone(void **state)
{
    const struct domain *none = NULL;
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    imageplan_ask(&plan, &domain, 1000);
    wait_for_all();
    imageplan_deliver(&plan, find, &none);
    assert_int_equal(disk->layers[0].image_state, IMAGE_UNREAD);
    /* It is dropped, not kept. */
    deliver();
    assert_int_equal(disk->layers[0].image_state, IMAGE_UNREAD);
}

static void answer_for_a_layer_that_is_gone(void **state)
{
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    imageplan_ask(&plan, &domain, 1000);
    disk_cut_layers(disk, 0);
    add_layer(disk, "/b", "qcow2");
    deliver();
    assert_int_equal(disk->layers[0].image_state, IMAGE_UNREAD);
    assert_int_equal(fake_log_count(), 0);
}

/* --- a layout that was read again ---------------------------------------- */

static void move_to_new_layout(struct domain *old)
{
    *old = (struct domain){0};
    domain_move_disks(old, &domain);
}

static void what_is_known_is_carried_over(void **state)
{
    struct domain old;
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2")->first_offset = 77;
    add_layer(disk, "/b", "qcow2");
    reads_at(1000);

    move_to_new_layout(&old);
    /* Disks may come in another order, and new ones among them. */
    add_layer(add_disk(&domain, "vdb"), "/c", "qcow2");
    disk = add_disk(&domain, "vda");
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_read(&disk->layers[0], 1);
    assert_true(disk->layers[0].first_offset == 77);
    assert_read(&disk->layers[1], 2);
    assert_int_equal(reads_at(1100), 1); /* vdb's */
    assert_int_equal(reads_at(1299), 0);
    assert_int_equal(reads_at(1300), 1);
}

static void question_under_way_is_carried_over(void **state)
{
    struct domain old;
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    imageplan_ask(&plan, &domain, 1000);
    move_to_new_layout(&old);
    disk = add_disk(&domain, "vda");
    add_layer(disk, "/a", "qcow2");
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_false(imageplan_ask(&plan, &domain, 1001));
    deliver();
    assert_int_equal(fake_images_reads(), 1);
    assert_read(&disk->layers[0], 1);
}

/* What was told is not told again for a layout that is the same. */
static void what_was_told_is_carried_over(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", NULL, NULL)};
    struct domain old;

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    images[0].trouble = "marked as corrupt";
    add_layer(add_disk(&domain, "vda"), "/a", "qcow2")->written = false;
    reads_at(1000);
    move_to_new_layout(&old);
    add_layer(add_disk(&domain, "vda"), "/a", "qcow2")->written = false;
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_int_equal(reads_at(1300), 1);
    assert_int_equal(fake_log_count(), 1);
}

/* Another image, or not known to be the same. */
static void another_image_is_not_the_same(void **state)
{
    static const struct {
        enum role role;
        unsigned depth;
        unsigned index;
        const char *path;
        const char *format;
    } others[] = {
        {ROLE_MIRROR, 0, 1, "/a", "qcow2"}, {ROLE_CHAIN, 1, 1, "/a", "qcow2"},
        {ROLE_CHAIN, 0, 2, "/a", "qcow2"},  {ROLE_CHAIN, 0, 1, "/b", "qcow2"},
        {ROLE_CHAIN, 0, 1, "/a", "raw"},    {ROLE_CHAIN, 0, 1, NULL, "qcow2"},
        {ROLE_CHAIN, 0, 1, "/a", NULL},
    };

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct domain old;
        domain_clear_disks(&domain);
        add_layer(add_disk(&domain, "vda"), "/a", "qcow2");
        reads_at(1000);
        move_to_new_layout(&old);
        struct layer *layer = add_layer(add_disk(&domain, "vda"),
                                        others[i].path, others[i].format);
        layer->role = others[i].role;
        layer->depth = others[i].depth;
        layer->index = others[i].index;
        imageplan_carry_over(&domain, &old);
        assert_int_equal(layer->image_state, IMAGE_UNREAD);
        assert_int_equal(old.disks[0].layers[0].image_state, IMAGE_READ);
        domain_clear(&old);
    }
}

static void disk_of_another_name_is_another(void **state)
{
    struct domain old;

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(add_disk(&domain, "vda"), "/a", "qcow2");
    reads_at(1000);
    move_to_new_layout(&old);
    struct layer *layer = add_layer(add_disk(&domain, "vdb"), "/a", "qcow2");
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_int_equal(layer->image_state, IMAGE_UNREAD);
}

/* Chains of different length: the layers that are the same. */
static void carried_over_as_far_as_it_goes(void **state)
{
    struct domain old;
    struct disk *disk = add_disk(&domain, "vda");

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    reads_at(1000);
    move_to_new_layout(&old);
    disk = add_disk(&domain, "vda");
    add_layer(disk, "/a", "qcow2");
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_read(&disk->layers[0], 1);

    move_to_new_layout(&old);
    disk = add_disk(&domain, "vda");
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_read(&disk->layers[0], 1);
    assert_int_equal(disk->layers[1].image_state, IMAGE_UNREAD);
}

/* Of a domain that is off, the whole chain that was followed. */
static void followed_chain_is_carried_over(void **state)
{
    struct domain old;

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_off_disk();
    reads_at(1000);
    move_to_new_layout(&old);
    struct disk *disk = add_off_disk();
    disk->layers[0].record = 5;
    imageplan_carry_over(&domain, &old);
    assert_int_equal(disk->layer_count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_read(&disk->layers[i], i + 1);
    /* The records are those of the new layout. */
    assert_int_equal(disk->layers[0].record, 5);
    domain_clear(&old);
    assert_int_equal(reads_at(1299), 0);
    assert_int_equal(reads_at(1300), 3);

    /* A disk with another image has another chain. */
    move_to_new_layout(&old);
    disk = add_disk(&domain, "vda");
    add_layer(disk, "/b", "qcow2");
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_int_equal(disk->layer_count, 1);
    assert_int_equal(disk->layers[0].image_state, IMAGE_UNREAD);
}

/* What libvirt says is of the new reading, what the images say is kept. */
static void figures_are_those_of_the_new_layout(void **state)
{
    struct domain old;

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_off_disk()->layers[0].stated.capacity = 100;
    reads_at(1000);
    move_to_new_layout(&old);
    struct disk *disk = add_off_disk();
    disk->layers[0].stated.capacity = 200;
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_int_equal(disk->layers[0].stated.capacity, 200);
    assert_read(&disk->layers[0], 1);
    assert_int_equal(disk->layer_count, 3);
    assert_true(disk->ended);
}

/* The domain starts while its images are being read: what comes then is of
 * another layout, and the chain that runs stays as it is. */
static void answer_to_an_old_question_is_dropped(void **state)
{
    struct domain old;

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_off_disk();
    imageplan_ask(&plan, &domain, 1000);
    wait_for_all();
    move_to_new_layout(&old);
    domain_clear(&old);
    domain.id = 2;
    struct disk *disk = add_disk(&domain, "vda");
    add_layer(disk, "/a", "qcow2");
    add_layer(disk, "/b", "qcow2");
    imageplan_ask(&plan, &domain, 1001);
    deliver();
    assert_int_equal(disk->layer_count, 2);
    assert_int_equal(disk->layers[1].index, 2);
    assert_read(&disk->layers[0], 1);
    assert_read(&disk->layers[1], 2);
}

/* The XML names the first two images, the images the third. */
static void chain_that_is_given_in_part(void **state)
{
    struct disk *disk = add_off_disk();

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    add_layer(disk, "/b", "qcow2")->written = false;
    disk->own = 2;
    assert_int_equal(reads_at(1000), 3);
    assert_int_equal(disk->layer_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(disk->layers[i].depth, i);
        assert_read(&disk->layers[i], i + 1);
    }
    assert_true(disk->ended);
    assert_int_equal(reads_at(1300), 3);
    assert_int_equal(disk->layer_count, 3);
}

/* A medium is put into an empty drive, and taken out again. */
static void empty_drive_of_a_domain_that_is_off(void **state)
{
    struct domain old;

    (void)state;
    fake_images_set(chain, COUNT_OF(chain));
    domain.id = DOMAIN_OFF;
    add_disk(&domain, "vda");
    assert_int_equal(reads_at(1000), 0);
    move_to_new_layout(&old);
    struct disk *disk = add_off_disk();
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_int_equal(reads_at(1001), 3);
    assert_int_equal(disk->layer_count, 3);
    move_to_new_layout(&old);
    disk = add_disk(&domain, "vda");
    imageplan_carry_over(&domain, &old);
    domain_clear(&old);
    assert_int_equal(disk->layer_count, 0);
}

static void end_of_a_chain_is_told_once(void **state)
{
    static const struct fake_image images[] = {
        FILE_ON(1, "/a", "/missing", "qcow2")};
    struct domain old;

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    add_off_disk();
    reads_at(1000);
    assert_int_equal(fake_log_count(), 1);
    for (unsigned i = 1; i < 4; i++) {
        move_to_new_layout(&old);
        add_off_disk();
        imageplan_carry_over(&domain, &old);
        domain_clear(&old);
        assert_int_equal(reads_at(1000 + 300 * i), 2);
    }
    assert_int_equal(fake_log_count(), 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(running_chain_is_read_once),
        TEST(layers_below_are_read_again),
        TEST(image_that_grows_is_read_again),
        TEST(image_beyond_its_bound_is_read_now_and_then),
        TEST(interval_begins_with_the_question),
        TEST(active_layer_is_tried_again),
        TEST(image_is_read_when_its_capacity_becomes_known),
        TEST(disk_that_is_not_written_is_read_again),
        TEST(nothing_is_asked_twice_at_a_time),
        TEST(only_declared_local_qcow2_is_read),
        TEST(running_chain_is_not_followed),
        TEST(disks_do_not_mix),
        TEST(chain_of_a_domain_that_is_off_is_followed),
        TEST(chain_is_followed_anew),
        TEST(chain_that_is_given_is_not_followed),
        TEST(chain_that_breaks_off),
        TEST(chain_that_loops),
        TEST(chain_that_leads_to_the_network),
        TEST(trouble_is_told_once_while_it_lasts),
        TEST(doubt_is_told),
        TEST(many_troubles_are_told_once_each),
        TEST(unreadable_image_leaves_no_figure),
        TEST(denied_is_told_once_for_all),
        TEST(troubles_that_take_turns),
        TEST(answer_for_a_domain_that_is_gone),
        TEST(answer_for_a_layer_that_is_gone),
        TEST(what_is_known_is_carried_over),
        TEST(question_under_way_is_carried_over),
        TEST(what_was_told_is_carried_over),
        TEST(another_image_is_not_the_same),
        TEST(disk_of_another_name_is_another),
        TEST(carried_over_as_far_as_it_goes),
        TEST(followed_chain_is_carried_over),
        TEST(figures_are_those_of_the_new_layout),
        TEST(answer_to_an_old_question_is_dropped),
        TEST(chain_that_is_given_in_part),
        TEST(empty_drive_of_a_domain_that_is_off),
        TEST(end_of_a_chain_is_told_once),
    };

    return cmocka_run_group_tests_name("imageplan", tests, NULL, NULL) != 0;
}
