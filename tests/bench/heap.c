/* SPDX-License-Identifier: MIT
 *
 * Memory of the plugin by layer, and what it asks of the heap in a cycle:
 *   heap DOMAINS DISKS LAYERS CYCLES
 * The functions of malloc are led through those below (-Wl,--wrap), and the
 * fake libvirt, a shared library, keeps its own.
 */
#include "fake_libvirt.h"
#include "rig.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_ulong allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
char *__wrap_strndup(const char *text, size_t length);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    allocations++;
    return __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
    allocations++;
    return __real_strndup(text, length);
}

/* An answer of libvirt is freed when a pass is over: what is left belongs to
 * the plugin. */
static size_t used(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static bool look_nowhere(const char *path, struct look *ret_look)
{
    (void)path;
    (void)ret_look;
    return false;
}

static uint64_t nothing(const char *path)
{
    (void)path;
    return 0;
}

static const char *read_nothing(const char *path, const char *format,
                                struct image *ret_image)
{
    (void)path;
    (void)format;
    (void)ret_image;
    return "not there";
}

static const struct images no_images = {look_nowhere, nothing, nothing,
                                        read_nothing, "denied"};

static void run(struct rig *rig, size_t cycles)
{
    struct rig_counts counts;

    for (size_t i = 0; i < cycles; i++)
        rig_pass(rig, &counts);
}

int main(int argc, char **argv)
{
    struct rig rig;

    if (argc != 5) {
        fprintf(stderr, "usage: heap DOMAINS DISKS LAYERS CYCLES\n");
        return 2;
    }
    const struct fake_shape shape = {.domains = strtoul(argv[1], NULL, 10),
                                     .disks = strtoul(argv[2], NULL, 10),
                                     .layers = strtoul(argv[3], NULL, 10)};
    size_t layers = shape.domains * shape.disks * shape.layers;
    size_t cycles = strtoul(argv[4], NULL, 10);

    fake_start(&shape);
    size_t before = used();
    rig_init(&rig);
    rig.settings->refresh_interval = 0;
    rig.settings->timeout = 3600;
    rig_start(&rig, &no_images);
    run(&rig, 3);
    size_t bytes = used() - before;
    unsigned long first = allocations;
    run(&rig, cycles);
    unsigned long second = allocations;
    run(&rig, 2 * cycles);
    unsigned long third = allocations;
    size_t bytes_later = used() - before;

    printf("layers=%zu bytes_a_layer=%.0f bytes_a_layer_later=%.0f "
           "allocations_a_cycle=%.2f allocations_a_cycle_later=%.2f\n",
           layers, (double)bytes / (double)layers,
           (double)bytes_later / (double)layers,
           (double)(second - first) / (double)cycles,
           (double)(third - second) / (double)(2 * cycles));
    if (!rig_end(&rig))
        return 1;
    fake_end();
    return 0;
}
