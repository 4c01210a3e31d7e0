/* SPDX-License-Identifier: MIT */
#include "images.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    struct look look = {STORAGE_NETWORK, 1, 2};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparse_file),
        cmocka_unit_test(link_leads_to_its_file),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(what_is_no_image),
        cmocka_unit_test(block_device),
    };

    return cmocka_run_group_tests_name("images", tests, make_folder,
                                       remove_folder) != 0;
}
