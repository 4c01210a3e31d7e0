/* SPDX-License-Identifier: MIT */
#include "images.h"
#include "qcow2_maker.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LENGTH (16 << 20)
#define WRITTEN 65536

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

static char *in_folder(const char *name)
{
    char *path;

    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

/* A file of LENGTH bytes with one written stretch in it. */
static char *make_sparse(const char *name)
{
    char *path = in_folder(name);
    char *data = calloc(1, WRITTEN);
    int file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(file >= 0);
    memset(data, 'x', WRITTEN);
    assert_int_equal(ftruncate(file, LENGTH), 0);
    assert_int_equal(pwrite(file, data, WRITTEN, 1 << 20), WRITTEN);
    assert_int_equal(fsync(file), 0);
    assert_int_equal(close(file), 0);
    free(data);
    return path;
}

static void assert_sparse(const char *path)
{
    struct look look = {.storage = STORAGE_UNKNOWN};
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_true(images_look(path, &look));
    assert_int_equal(look.storage, STORAGE_FILE);
    assert_true(look.length == LENGTH);
    assert_true(look.blocks == (uint64_t)status.st_blocks * 512);
    assert_true(look.blocks >= WRITTEN);
    assert_true(look.blocks < LENGTH);
}

static void sparse_file(void **state)
{
    char *path = make_sparse("sparse");

    (void)state;
    assert_sparse(path);
    unlink(path);
    free(path);
}

static void link_leads_to_its_file(void **state)
{
    char *path = make_sparse("target");
    char *link = in_folder("link");

    (void)state;
    assert_int_equal(symlink("target", link), 0);
    assert_sparse(link);
    unlink(link);
    unlink(path);
    free(link);
    free(path);
}

static void assert_no_look(const char *path)
{
    struct look look = {.storage = STORAGE_NETWORK, .length = 1, .blocks = 2};

    assert_false(images_look(path, &look));
    assert_int_equal(look.storage, STORAGE_NETWORK);
    assert_true(look.length == 1);
    assert_true(look.blocks == 2);
}

static void what_is_not_there(void **state)
{
    char *path = in_folder("missing");

    (void)state;
    assert_no_look(path);
    assert_no_look("");
    assert_int_equal(symlink("nowhere", path), 0);
    assert_no_look(path);
    unlink(path);
    free(path);
}

static void what_is_no_image(void **state)
{
    char *path = in_folder("pipe");

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_no_look(path);
    assert_no_look(folder);
    assert_no_look("/dev/null");
    unlink(path);
    free(path);
}

/* The first block device in /dev, if there is one. */
static bool find_device(char *ret_path, size_t size)
{
    DIR *devices = opendir("/dev");
    bool found = false;

    if (devices == NULL)
        return false;
    for (struct dirent *entry = readdir(devices); entry != NULL && !found;
         entry = readdir(devices)) {
        struct stat status;
        snprintf(ret_path, size, "/dev/%s", entry->d_name);
        found = stat(ret_path, &status) == 0 && S_ISBLK(status.st_mode);
    }
    closedir(devices);
    return found;
}

/* Its size is the hypervisor's to state: a device has no length for stat. */
static void block_device(void **state)
{
    struct look look = {.storage = STORAGE_UNKNOWN};
    char path[512];

    (void)state;
    if (!find_device(path, sizeof(path))) {
        print_message("skipped: there is no block device in /dev\n");
        skip();
    }
    assert_true(images_look(path, &look));
    assert_int_equal(look.storage, STORAGE_BLOCK);
}

/* The file system's own number, and the file's: they tell two names of one
 * file from two files. */
static void files_are_told_apart(void **state)
{
    char *path = make_sparse("one");
    char *other = make_sparse("other");
    char *link = in_folder("link");
    struct look looks[3];

    (void)state;
    assert_int_equal(symlink("one", link), 0);
    assert_true(images_look(path, &looks[0]));
    assert_true(images_look(other, &looks[1]));
    assert_true(images_look(link, &looks[2]));
    assert_true(looks[0].device == looks[1].device);
    assert_true(looks[0].inode != looks[1].inode);
    assert_true(looks[0].device == looks[2].device);
    assert_true(looks[0].inode == looks[2].inode);
    unlink(link);
    unlink(other);
    unlink(path);
    free(link);
    free(other);
    free(path);
}

/* --- free space ---------------------------------------------------------- */

/* Of a file system in use the figure moves. */
static void free_space_is_that_of_a_user(void **state)
{
    struct statvfs status;
    uint64_t space = images_free_space(folder);

    (void)state;
    assert_int_equal(statvfs(folder, &status), 0);
    uint64_t expected = (uint64_t)status.f_bavail * status.f_frsize;
    uint64_t difference =
        space > expected ? space - expected : expected - space;
    assert_true(difference < 64 << 20);
}

static void free_space_of_nothing(void **state)
{
    char *path = in_folder("missing");

    (void)state;
    assert_true(images_free_space(path) == SIZE_UNKNOWN);
    free(path);
}

/* --- places -------------------------------------------------------------- */

/* /proc is a file system of its own wherever there is one. */
static void file_systems_are_places(void **state)
{
    uint64_t root = images_place("/");
    uint64_t proc = images_place("/proc/x");

    (void)state;
    assert_true(root != 0);
    assert_true(proc != 0);
    assert_true(root != proc);
    assert_true(images_place("/proc") == proc);
    assert_true(images_place("/proc/1/x/y") == proc);
    /* No more than a name that begins likewise. */
    assert_true(images_place("/processor") == root);
    assert_true(images_place("/pro") == root);
}

/* Whether they are there or not: that would be asked of the storage. */
static void files_of_a_folder_share_a_place(void **state)
{
    char *path = in_folder("one");
    char *other = in_folder("other");
    char *missing = in_folder("missing/folder/with space");

    (void)state;
    assert_true(images_place(folder) != 0);
    assert_true(images_place(path) == images_place(folder));
    assert_true(images_place(other) == images_place(folder));
    assert_true(images_place(missing) == images_place(folder));
    free(missing);
    free(other);
    free(path);
}

static void place_that_can_not_be_told(void **state)
{
    (void)state;
    assert_true(images_place("") == 0);
    assert_true(images_place("one") == 0);
    assert_true(images_place("proc/x") == 0);
}

/* --- reading ------------------------------------------------------------- */

static const char *read_made(const char *name,
                             const struct qcow2_recipe *recipe,
                             const char *format, struct image *ret_image)
{
    char *path = in_folder(name);
    qcow2_write(path, recipe);
    const char *reason = images_read(path, format, ret_image);

    unlink(path);
    free(path);
    return reason;
}

static void qcow2_file(void **state)
{
    static const struct qcow2_recipe recipe = {
        .cluster_bits = 12,
        .capacity = 1 << 20,
        .in_use = 7,
        .backing_name = "../base",
        .backing_format = "raw",
    };
    struct image image;

    (void)state;
    assert_null(read_made("qcow2", &recipe, "qcow2", &image));
    assert_int_equal(image.seen.storage, STORAGE_FILE);
    assert_true(image.seen.length == 3 * 4096);
    assert_true(image.seen.blocks > 0);
    assert_true(image.length == 3 * 4096);
    assert_true(image.capacity == 1 << 20);
    assert_true(image.end == 7 * 4096);
    /* Header, L1, L2, 256 clusters of data, refcounts and their table. */
    assert_true(image.largest == (1 + 1 + 1 + 256 + 1 + 1) * 4096);
    assert_false(image.dirty);
    assert_false(image.external_data);
    assert_string_equal(image.backing_name, "../base");
    assert_string_equal(image.backing_format, "raw");
    image_clear(&image);
}

static void qcow2_file_on_nothing(void **state)
{
    static const struct qcow2_recipe recipe = {.capacity = 512};
    struct image image;

    (void)state;
    assert_null(read_made("qcow2", &recipe, "qcow2", &image));
    assert_null(image.backing_name);
    assert_null(image.backing_format);
    image_clear(&image);
}

static void snapshots_have_no_bound(void **state)
{
    static const struct qcow2_recipe recipe = {.capacity = 512, .snapshots = 1};
    struct image image;

    (void)state;
    assert_null(read_made("qcow2", &recipe, "qcow2", &image));
    assert_true(image.largest == SIZE_UNBOUNDED);
    image_clear(&image);
}

static void features_of_an_image(void **state)
{
    static const struct qcow2_recipe recipe = {.capacity = 512};
    char *path = in_folder("features");
    struct image image;

    (void)state;
    qcow2_write(path, &recipe);
    for (unsigned bit = 0; bit <= 2; bit += 2) {
        unsigned char features = (unsigned char)(1u << bit);
        int file = open(path, O_WRONLY | O_CLOEXEC);
        assert_true(file >= 0);
        assert_int_equal(pwrite(file, &features, 1, 79), 1);
        close(file);
        assert_null(images_read(path, "qcow2", &image));
        assert_int_equal(image.dirty, bit == 0);
        assert_int_equal(image.external_data, bit == 2);
        image_clear(&image);
    }
    unlink(path);
    free(path);
}

/* Whatever it looks like: what is declared as raw is raw. */
static void raw_file(void **state)
{
    static const struct qcow2_recipe recipe = {
        .capacity = 1 << 20,
        .backing_name = "/etc/passwd",
        .backing_format = "raw",
    };
    struct image image;

    (void)state;
    assert_null(read_made("raw", &recipe, "raw", &image));
    assert_true(image.capacity == 3 * 512);
    assert_true(image.largest == 3 * 512);
    assert_true(image.length == 3 * 512);
    assert_true(image.end == SIZE_UNKNOWN);
    assert_null(image.backing_name);
    image_clear(&image);
}

/* Nothing is told but whether the image is to blame. */
static void assert_unread(const char *path, const char *format, const char *why,
                          bool unsound)
{
    struct image image = {.capacity = 7};
    const char *reason = images_read(path, format, &image);

    assert_non_null(reason);
    if (strstr(reason, why) == NULL)
        fail_msg("\"%s\" says nothing of \"%s\"", reason, why);
    assert_true(image.unsound == unsound);
    assert_true(image.capacity == 0);
    assert_null(image.backing_name);
}

static void other_formats(void **state)
{
    char *path = make_sparse("vmdk");

    (void)state;
    assert_unread(path, "vmdk", "format", false);
    assert_unread(path, "", "format", false);
    assert_unread(path, "QCOW2", "format", false);
    assert_unread(path, "qcow2", "not a qcow2", true);
    unlink(path);
    free(path);
}

static void truncated_file(void **state)
{
    static const struct qcow2_recipe recipe = {.backing_name = "below"};
    char *path = in_folder("truncated");

    (void)state;
    qcow2_write(path, &recipe);
    assert_int_equal(truncate(path, 1024), 0);
    assert_unread(path, "qcow2", "refcount block", true);
    assert_int_equal(truncate(path, 0), 0);
    assert_unread(path, "qcow2", "header", true);
    unlink(path);
    free(path);
}

/* As one that is cut off while it is read: the kernel says of this one that it
 * has 4096 bytes, and gives less. */
static void shorter_than_it_says(void **state)
{
    static const char path[] = "/sys/kernel/uevent_seqnum";
    struct stat status;

    (void)state;
    if (stat(path, &status) != 0 || status.st_size < 104) {
        print_message("skipped: there is no %s, or not of that size\n", path);
        skip();
    }
    assert_unread(path, "qcow2", "header can't be read", false);
}

/* Nobody waits for the other end of a FIFO. */
static void no_image_to_read(void **state)
{
    char *path = in_folder("pipe");

    (void)state;
    assert_unread(path, "qcow2", "no such file", false);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_unread(path, "qcow2", "neither", false);
    assert_unread(folder, "qcow2", "neither", false);
    assert_unread(folder, "raw", "neither", false);
    assert_unread("/dev/null", "raw", "neither", false);
    unlink(path);
    assert_int_equal(symlink("pipe", path), 0);
    assert_unread(path, "qcow2", "can't be opened", false);
    unlink(path);
    free(path);
}

static void permission_denied(void **state)
{
    char *path = make_sparse("secret");
    struct image image;

    (void)state;
    if (geteuid() == 0) {
        unlink(path);
        free(path);
        print_message("skipped: root may read everything\n");
        skip();
    }
    assert_int_equal(chmod(path, 0), 0);
    /* One and the same pointer: it is what callers compare. */
    assert_ptr_equal(images_read(path, "raw", &image), images_denied);
    unlink(path);
    free(path);
}

/* As it is for QEMU: no lock, and no file that stays open. */
static void file_is_left_alone(void **state)
{
    static const struct qcow2_recipe recipe = {.capacity = 512};
    char *path = in_folder("image");
    struct stat before;
    struct stat after;

    (void)state;
    qcow2_write(path, &recipe);
    assert_int_equal(stat(path, &before), 0);
    int lowest = dup(0);
    assert_true(lowest >= 0);
    close(lowest);
    for (unsigned i = 0; i < 5; i++) {
        struct image image;
        assert_null(images_read(path, "qcow2", &image));
        image_clear(&image);
        assert_non_null(images_read(path, "vmdk", &image));
    }
    int next = dup(0);
    assert_int_equal(next, lowest);
    close(next);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_mtim.tv_sec == after.st_mtim.tv_sec);
    assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    unlink(path);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparse_file),
        cmocka_unit_test(link_leads_to_its_file),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(what_is_no_image),
        cmocka_unit_test(block_device),
        cmocka_unit_test(files_are_told_apart),
        cmocka_unit_test(free_space_is_that_of_a_user),
        cmocka_unit_test(free_space_of_nothing),
        cmocka_unit_test(file_systems_are_places),
        cmocka_unit_test(files_of_a_folder_share_a_place),
        cmocka_unit_test(place_that_can_not_be_told),
        cmocka_unit_test(qcow2_file),
        cmocka_unit_test(qcow2_file_on_nothing),
        cmocka_unit_test(snapshots_have_no_bound),
        cmocka_unit_test(features_of_an_image),
        cmocka_unit_test(raw_file),
        cmocka_unit_test(other_formats),
        cmocka_unit_test(truncated_file),
        cmocka_unit_test(shorter_than_it_says),
        cmocka_unit_test(no_image_to_read),
        cmocka_unit_test(permission_denied),
        cmocka_unit_test(file_is_left_alone),
    };

    return cmocka_run_group_tests_name("images", tests, make_folder,
                                       remove_folder) != 0;
}
