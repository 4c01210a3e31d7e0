/* SPDX-License-Identifier: MIT
 *
 * Chains that are followed through the images: on paper, where anything can be
 * said of an image, and through real files.
 */
#include "fake_hypervisor.h"
#include "images.h"
#include "qcow2_maker.h"
#include "unit.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- on paper ------------------------------------------------------------ */

/* A file of that number, on the backing image of that name. */
#define FILE_ON(number, file, name, format)                                    \
    {                                                                          \
        .path = (file),                                                        \
        .look = {.storage = STORAGE_FILE, .device = 1, .inode = (number)},     \
        .image = {.capacity = 1000 + (number),                                 \
                  .backing_name = (char *)(uintptr_t)(name),                   \
                  .backing_format = (char *)(uintptr_t)(format)},              \
    }

static struct walk walk_from(const struct fake_image *images, size_t count,
                             const char *path, size_t depth)
{
    struct walk walk;

    fake_images_set(images, count);
    assert_true(walk_chain(&fake_images, path, "qcow2", depth, &walk));
    return walk;
}

static void assert_link(const struct walk *walk, size_t position,
                        const char *path, const char *format,
                        enum storage storage)
{
    assert_true(position < walk->count);
    const struct link *link = &walk->links[position];
    assert_string_equal(link->path, path);
    if (format == NULL)
        assert_null(link->format);
    else
        assert_string_equal(link->format, format);
    assert_int_equal(link->storage, storage);
}

/* The last link, and why it is the last. */
static void assert_trouble(const struct walk *walk, const char *why)
{
    const char *trouble = walk->links[walk->count - 1].trouble;

    assert_non_null(trouble);
    if (strstr(trouble, why) == NULL)
        fail_msg("\"%s\" says nothing of \"%s\"", trouble, why);
    for (size_t i = 0; i + 1 < walk->count; i++)
        assert_null(walk->links[i].trouble);
}

static void chain_of_three(void **state)
{
    static const struct fake_image images[] = {
        FILE_ON(3, "/images/base", NULL, NULL),
        FILE_ON(1, "/images/top", "/images/middle", "qcow2"),
        FILE_ON(2, "/images/middle", "/images/base", "raw"),
    };
    struct walk walk = walk_from(images, COUNT_OF(images), "/images/top", 200);

    (void)state;
    assert_int_equal(walk.count, 3);
    assert_link(&walk, 0, "/images/top", "qcow2", STORAGE_FILE);
    assert_link(&walk, 1, "/images/middle", "qcow2", STORAGE_FILE);
    assert_link(&walk, 2, "/images/base", "raw", STORAGE_FILE);
    for (size_t i = 0; i < 3; i++) {
        assert_null(walk.links[i].trouble);
        assert_true(walk.links[i].seen.inode == i + 1);
        assert_true(walk.links[i].image.capacity == 1001 + i);
    }
    walk_clear(&walk);
    assert_null(walk.links);
    assert_int_equal(walk.count, 0);
}

static void no_deeper_than_asked(void **state)
{
    static const struct fake_image images[] = {FILE_ON(1, "/a", "/b", "qcow2"),
                                               FILE_ON(2, "/b", "/c", "qcow2"),
                                               FILE_ON(3, "/c", NULL, NULL)};

    (void)state;
    for (size_t depth = 1; depth <= 4; depth++) {
        struct walk walk = walk_from(images, COUNT_OF(images), "/a", depth);
        size_t expected = depth < 3 ? depth : 3;
        assert_int_equal(walk.count, expected);
        assert_int_equal(fake_images_reads(), expected);
        assert_null(walk.links[expected - 1].trouble);
        walk_clear(&walk);
    }
}

static void assert_resolved(const char *parent, const char *name,
                            const char *path)
{
    const struct fake_image images[] = {FILE_ON(1, parent, name, "raw"),
                                        FILE_ON(2, path, NULL, NULL)};
    struct walk walk = walk_from(images, COUNT_OF(images), parent, 200);

    assert_int_equal(walk.count, 2);
    assert_link(&walk, 1, path, "raw", STORAGE_FILE);
    assert_null(walk.links[1].trouble);
    walk_clear(&walk);
}

static void names_of_files(void **state)
{
    (void)state;
    assert_resolved("/images/top", "base", "/images/base");
    assert_resolved("/images/top", "../base", "/images/../base");
    assert_resolved("/images/a/top", "b/base", "/images/a/b/base");
    assert_resolved("/images/top", "/other/base", "/other/base");
    assert_resolved("/top", "base", "/base");
    assert_resolved("/images/top", "file:/other/base", "/other/base");
    assert_resolved("/images/top",
                    "json:{\"driver\":\"raw\",\"file\":{\"filename\":\"/b\"}}",
                    "/b");
    assert_resolved("/images/top", "json:{\"file.filename\":\"/b\"}", "/b");
    /* A colon behind a slash is a character of a file's name. */
    assert_resolved("/images/top", "./a:b", "/images/./a:b");
    assert_resolved("/images/top", "/other/a:b", "/other/a:b");
    assert_resolved("/images/with space", "a b", "/images/a b");
}

/* A relative name is relative to the image that it stands in, not to the
 * first one. */
static void names_are_relative_to_their_image(void **state)
{
    static const struct fake_image images[] = {
        FILE_ON(1, "/a/top", "../b/middle", "qcow2"),
        FILE_ON(2, "/a/../b/middle", "base", "raw"),
        FILE_ON(3, "/a/../b/base", NULL, NULL),
    };
    struct walk walk = walk_from(images, COUNT_OF(images), "/a/top", 200);

    (void)state;
    assert_int_equal(walk.count, 3);
    assert_link(&walk, 2, "/a/../b/base", "raw", STORAGE_FILE);
    walk_clear(&walk);
}

/* Below one image, with a declared format. Nobody looks for it. */
static void assert_foreign(const char *name, enum storage storage)
{
    const struct fake_image images[] = {FILE_ON(1, "/top", name, "raw")};
    struct walk walk = walk_from(images, 1, "/top", 200);

    assert_int_equal(walk.count, 2);
    assert_link(&walk, 1, name, "raw", storage);
    assert_true(walk.links[1].foreign);
    assert_null(walk.links[1].trouble);
    assert_int_equal(fake_images_looks(), 1);
    assert_int_equal(fake_images_reads(), 1);
    walk_clear(&walk);
}

static void names_that_are_no_files(void **state)
{
    static const char *const names[] = {
        "nbd://host/export",
        "nbd:host:10809",
        "nbd:unix:/run/nbd.sock",
        "json:{\"file.driver\":\"nbd\",\"file.host\":\"h\"}",
        "rbd:pool/image",
        "https://host/image",
        "fat:/folder",
        "host_device:/dev/sda",
        "a:b",
        ":",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_foreign(names[i], STORAGE_NETWORK);
}

/* QEMU opens them, or refuses to: which image they mean can't be told here. */
static void names_that_are_not_understood(void **state)
{
    static const char *const names[] = {
        /* Relative to where QEMU runs. */
        "file:base",
        "json:{\"file.filename\":\"base\"}",
        /* With a declared format QEMU makes nothing of that. */
        "json:{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}",
        "file:json:{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}",
        "json:{\"driver\":\"null-co\"}",
        "json:",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_foreign(names[i], STORAGE_UNKNOWN);
}

/* A format that the parent declares is the one that QEMU takes. */
static void formats_of_json_names(void **state)
{
    static const struct {
        const char *name, *declared, *format;
    } cases[] = {
        {"json:{\"driver\":\"raw\",\"file.filename\":\"/b\"}", NULL, "raw"},
        {"json:{\"driver\":\"raw\",\"file.filename\":\"/b\"}", "qcow2",
         "qcow2"},
        {"json:{\"file.filename\":\"/b\"}", NULL, NULL},
        {"json:{\"driver\":\"file\",\"filename\":\"/b\"}", NULL, "raw"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct fake_image images[] = {
            FILE_ON(1, "/top", cases[i].name, cases[i].declared),
            FILE_ON(2, "/b", NULL, NULL)};
        struct walk walk = walk_from(images, 2, "/top", 200);
        assert_link(&walk, 1, "/b", cases[i].format, STORAGE_FILE);
        walk_clear(&walk);
    }
}

static void loop_of_one(void **state)
{
    static const struct fake_image images[] = {FILE_ON(1, "/a", "/a", "qcow2")};
    struct walk walk = walk_from(images, COUNT_OF(images), "/a", 200);

    (void)state;
    assert_int_equal(walk.count, 2);
    assert_trouble(&walk, "comes back");
    /* It is not one more layer. */
    assert_int_equal(walk.links[1].storage, STORAGE_UNKNOWN);
    assert_int_equal(fake_images_reads(), 1);
    walk_clear(&walk);
}

static void loop_of_two(void **state)
{
    static const struct fake_image images[] = {FILE_ON(1, "/a", "/b", "qcow2"),
                                               FILE_ON(2, "/b", "/a", "qcow2")};
    struct walk walk = walk_from(images, COUNT_OF(images), "/a", 200);

    (void)state;
    assert_int_equal(walk.count, 3);
    assert_trouble(&walk, "comes back");
    walk_clear(&walk);
}

/* By another name: a link, or "/./". */
static void loop_by_another_name(void **state)
{
    static const struct fake_image images[] = {
        FILE_ON(1, "/a", "/b", "qcow2"), FILE_ON(2, "/b", "/link", "qcow2"),
        FILE_ON(1, "/link", "/c", "qcow2")};
    struct walk walk = walk_from(images, COUNT_OF(images), "/a", 200);

    (void)state;
    assert_int_equal(walk.count, 3);
    assert_trouble(&walk, "comes back");
    walk_clear(&walk);
}

/* The same number on another file system, and that of a device. */
static void alike_is_not_the_same(void **state)
{
    struct fake_image images[] = {
        FILE_ON(7, "/a", "/b", "qcow2"), FILE_ON(7, "/b", "/c", "qcow2"),
        FILE_ON(7, "/c", "/d", "qcow2"), FILE_ON(7, "/d", "/e", "qcow2"),
        FILE_ON(8, "/e", NULL, NULL)};

    (void)state;
    images[1].look.device = 2;
    images[2].look = (struct look){.storage = STORAGE_BLOCK, .device = 1};
    images[3].look = (struct look){.storage = STORAGE_BLOCK, .device = 2};
    struct walk walk = walk_from(images, COUNT_OF(images), "/a", 200);
    assert_int_equal(walk.count, 5);
    assert_null(walk.links[4].trouble);
    walk_clear(&walk);

    /* A device twice is. */
    images[3].look.device = 1;
    walk = walk_from(images, COUNT_OF(images), "/a", 200);
    assert_int_equal(walk.count, 4);
    assert_trouble(&walk, "comes back");
    walk_clear(&walk);
}

static void format_that_is_not_declared(void **state)
{
    static const struct fake_image images[] = {FILE_ON(1, "/a", "/b", NULL),
                                               FILE_ON(2, "/b", "/c", "qcow2")};
    struct walk walk = walk_from(images, COUNT_OF(images), "/a", 200);

    (void)state;
    assert_int_equal(walk.count, 2);
    assert_link(&walk, 1, "/b", NULL, STORAGE_FILE);
    assert_trouble(&walk, "not declared");
    /* Looked at, and not opened. */
    assert_int_equal(fake_images_reads(), 1);
    walk_clear(&walk);
}

static void image_that_is_missing(void **state)
{
    static const struct fake_image images[] = {FILE_ON(1, "/a", "/b", "qcow2")};
    struct walk walk = walk_from(images, COUNT_OF(images), "/a", 200);

    (void)state;
    assert_int_equal(walk.count, 2);
    assert_link(&walk, 1, "/b", "qcow2", STORAGE_UNKNOWN);
    assert_true(walk.links[1].missing);
    assert_trouble(&walk, "no such file");
    walk_clear(&walk);

    walk = walk_from(images, COUNT_OF(images), "/missing", 200);
    assert_int_equal(walk.count, 1);
    assert_trouble(&walk, "no such file");
    walk_clear(&walk);
}

static void image_that_can_not_be_read(void **state)
{
    struct fake_image images[] = {FILE_ON(1, "/a", "/b", "qcow2"),
                                  FILE_ON(2, "/b", "/c", "qcow2")};

    (void)state;
    images[1].trouble = "marked as corrupt";
    struct walk walk = walk_from(images, COUNT_OF(images), "/a", 200);
    assert_int_equal(walk.count, 2);
    assert_link(&walk, 1, "/b", "qcow2", STORAGE_FILE);
    assert_trouble(&walk, "marked as corrupt");
    walk_clear(&walk);
}

/* --- through real files -------------------------------------------------- */

static const struct images real_images = {
    .look = images_look,
    .free_space = images_free_space,
    .read = images_read,
    .denied = images_denied,
};

static char folder[4096];

static int make_folder(void **state)
{
    const char *parent = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof(folder), "%s/virt_backing.XXXXXX",
             parent != NULL ? parent : "/tmp");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* To be removed by remove_file(). */
static char *make_file(const char *name, const char *backing_name,
                       const char *backing_format)
{
    char *path;

    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    qcow2_write(path, &(struct qcow2_recipe){.capacity = 4096,
                                             .backing_name = backing_name,
                                             .backing_format = backing_format});
    return path;
}

static void remove_file(char *path)
{
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void chain_of_files(void **state)
{
    char *base = make_file("base", NULL, NULL);
    char *middle = make_file("middle", "base", "qcow2");
    char *top = make_file("top", middle, "qcow2");
    struct walk walk;

    (void)state;
    assert_true(walk_chain(&real_images, top, "qcow2", 200, &walk));
    assert_int_equal(walk.count, 3);
    assert_link(&walk, 0, top, "qcow2", STORAGE_FILE);
    assert_link(&walk, 1, middle, "qcow2", STORAGE_FILE);
    assert_link(&walk, 2, base, "qcow2", STORAGE_FILE);
    for (size_t i = 0; i < 3; i++) {
        assert_null(walk.links[i].trouble);
        assert_true(walk.links[i].image.end == 3 * 512);
        assert_true(walk.links[i].image.capacity == 4096);
    }
    walk_clear(&walk);
    remove_file(top);
    remove_file(middle);
    remove_file(base);
}

/* What a guest wrote into its raw disk looks like a qcow2 image that is based
 * on a file of the host. */
static void content_of_a_raw_disk_is_not_followed(void **state)
{
    char *secret = make_file("secret", NULL, NULL);
    char *disk = make_file("disk", secret, "raw");
    char *top = make_file("top", "disk", "raw");
    struct walk walk;

    (void)state;
    /* As the disk of a domain ... */
    assert_true(walk_chain(&real_images, disk, "raw", 200, &walk));
    assert_int_equal(walk.count, 1);
    assert_null(walk.links[0].trouble);
    assert_null(walk.links[0].image.backing_name);
    assert_true(walk.links[0].image.capacity == 3 * 512);
    walk_clear(&walk);

    /* ... and as a backing image of one. */
    assert_true(walk_chain(&real_images, top, "qcow2", 200, &walk));
    assert_int_equal(walk.count, 2);
    assert_link(&walk, 1, disk, "raw", STORAGE_FILE);
    assert_null(walk.links[1].trouble);
    assert_null(walk.links[1].image.backing_name);
    walk_clear(&walk);
    remove_file(top);
    remove_file(disk);
    remove_file(secret);
}

/* Nor is one whose format nobody declared. */
static void content_is_never_a_guess(void **state)
{
    char *disk = make_file("disk", "/etc/passwd", "raw");
    char *top = make_file("top", "disk", NULL);
    struct walk walk;

    (void)state;
    assert_true(walk_chain(&real_images, top, "qcow2", 200, &walk));
    assert_int_equal(walk.count, 2);
    assert_trouble(&walk, "not declared");
    walk_clear(&walk);
    remove_file(top);
    remove_file(disk);
}

static void symbolic_link_in_a_chain(void **state)
{
    char *top = make_file("top", "link", "qcow2");
    char *link;
    struct walk walk;

    (void)state;
    assert_true(asprintf(&link, "%s/link", folder) > 0);
    assert_int_equal(symlink("top", link), 0);
    assert_true(walk_chain(&real_images, top, "qcow2", 200, &walk));
    assert_int_equal(walk.count, 2);
    assert_trouble(&walk, "comes back");
    walk_clear(&walk);
    remove_file(link);
    remove_file(top);
}

/* One image more than the bound. */
static void chain_without_end(void **state)
{
    enum { COUNT = WALK_DEPTH_MAX + 1 };
    char *paths[COUNT];
    struct walk walk;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        char name[16];
        char below[16];
        snprintf(name, sizeof(name), "%zu", i);
        snprintf(below, sizeof(below), "%zu", i + 1);
        paths[i] = make_file(name, below, "qcow2");
    }
    assert_true(
        walk_chain(&real_images, paths[0], "qcow2", WALK_DEPTH_MAX, &walk));
    assert_int_equal(walk.count, WALK_DEPTH_MAX);
    walk_clear(&walk);
    for (size_t i = 0; i < COUNT; i++)
        remove_file(paths[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_of_three),
        cmocka_unit_test(no_deeper_than_asked),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(names_are_relative_to_their_image),
        cmocka_unit_test(names_that_are_no_files),
        cmocka_unit_test(names_that_are_not_understood),
        cmocka_unit_test(formats_of_json_names),
        cmocka_unit_test(loop_of_one),
        cmocka_unit_test(loop_of_two),
        cmocka_unit_test(loop_by_another_name),
        cmocka_unit_test(alike_is_not_the_same),
        cmocka_unit_test(format_that_is_not_declared),
        cmocka_unit_test(image_that_is_missing),
        cmocka_unit_test(image_that_can_not_be_read),
        cmocka_unit_test(chain_of_files),
        cmocka_unit_test(content_of_a_raw_disk_is_not_followed),
        cmocka_unit_test(content_is_never_a_guess),
        cmocka_unit_test(symbolic_link_in_a_chain),
        cmocka_unit_test(chain_without_end),
    };

    return cmocka_run_group_tests_name("walk", tests, make_folder,
                                       remove_folder) != 0;
}
