/* SPDX-License-Identifier: MIT */
#include "fake_images.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool hung[FAKE_IMAGES_STORES];

static size_t store_of(const char *path)
{
    const char prefix[] = FAKE_IMAGES_FOLDER "/store";

    if (strncmp(path, prefix, strlen(prefix)) != 0)
        return 0;
    return strtoul(path + strlen(prefix), NULL, 10) % FAKE_IMAGES_STORES;
}

static void touch(const char *path)
{
    size_t store = store_of(path);

    pthread_mutex_lock(&lock);
    while (hung[store])
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void fake_images_hang(size_t store, bool hang)
{
    pthread_mutex_lock(&lock);
    hung[store] = hang;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static bool look(const char *path, struct look *ret_look)
{
    touch(path);
    *ret_look = (struct look){.storage = STORAGE_FILE,
                              .length = 2ull << 30,
                              .blocks = 1ull << 30,
                              .device = 1 + store_of(path),
                              .inode = 1,
                              .free = SIZE_UNKNOWN};
    return true;
}

static uint64_t free_space(const char *path)
{
    touch(path);
    return 1ull << 40;
}

static uint64_t place(const char *path)
{
    return 1 + store_of(path);
}

static const char *read_image(const char *path, const char *format,
                              struct image *ret_image)
{
    (void)format;
    *ret_image = (struct image){.length = 2ull << 30,
                                .capacity = 10ull << 30,
                                .end = 1ull << 30,
                                .largest = 11ull << 30};
    return look(path, &ret_image->seen) ? NULL : "not there";
}

const struct images fake_images = {
    .look = look,
    .free_space = free_space,
    .place = place,
    .read = read_image,
    .denied = "denied",
};
