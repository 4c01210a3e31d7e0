/* SPDX-License-Identifier: MIT */
#include "list.h"

#include "host.h"
#include "job.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_LENGTH 5

#define NAME_MAX_WIDTH 24 /* of a disk */
#define SOURCE_MIN_WIDTH 8

#define BOLD "\033[1m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

int list_form_of_terminal(struct list_form *ret_form, bool bytes)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    struct winsize size;

    *ret_form = (struct list_form){.bytes = bytes};
    if (!isatty(STDOUT_FILENO))
        return 0;
    ret_form->colour = (no_colour == NULL || *no_colour == '\0') &&
                       terminal != NULL && strcmp(terminal, "dumb") != 0;
    ret_form->width = 80;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 24;
    ret_form->width = size.ws_col;
    return size.ws_row;
}

static void colour(FILE *out, const struct list_form *form, const char *code)
{
    if (form->colour)
        fputs(code, out);
}

static int size_width(const struct list_form *form)
{
    return form->bytes ? 15 : 6;
}

/* What is before the source, with the blank behind it. */
static int left_width(const struct list_form *form)
{
    return 37 + form->name_width + 4 * (1 + size_width(form));
}

static void print_header(FILE *out, const struct list_form *form)
{
    static const char *const shorts[] = {"CAP", "ALLOC", "PHYS", "ROOM"};
    static const char *const longs[] = {"CAPACITY", "ALLOCATION", "PHYSICAL",
                                        "HEADROOM"};

    colour(out, form, BOLD);
    fprintf(out, "  %-*s %-8s %-11s", form->name_width, "DISK", "LAYER",
            "IMAGE");
    for (size_t i = 0; i < 4; i++)
        fprintf(out, " %*s", size_width(form),
                form->bytes ? longs[i] : shorts[i]);
    fputs(" USED         SOURCE", out);
    colour(out, form, PLAIN);
    putc('\n', out);
}

static void print_size(FILE *out, const struct list_form *form, uint64_t bytes)
{
    char text[TEXT_SIZE_LENGTH];

    text_size(text, bytes, form->bytes);
    fprintf(out, " %*s", size_width(form), text);
}

static void print_used(FILE *out, const struct layer *layer)
{
    static const char *const marks[] = {
        [DANGER_NONE] = "  ", [DANGER_NEAR] = "! ", [DANGER_FULL] = "!!"};
    int full = (int)(layer->percent * BAR_LENGTH / 100 + 0.5);

    if (layer->percent < 0) {
        fprintf(out, "%13s", "");
        return;
    }
    fprintf(out, " %3.0f%% ", layer->percent);
    for (int i = 0; i < BAR_LENGTH; i++)
        putc(i < full ? '#' : '.', out);
    fprintf(out, "%s", marks[text_danger(layer)]);
}

static void print_source(FILE *out, const struct layer *layer,
                         const struct list_form *form)
{
    const char *source = text_source(layer);
    int room = form->width - left_width(form);

    if (source == NULL)
        return;
    putc(' ', out);
    if (form->width == 0)
        text_put(out, source);
    else
        text_put_end(out, source,
                     room > SOURCE_MIN_WIDTH ? room : SOURCE_MIN_WIDTH);
}

/* Five letters have room. */
static const char *short_storage(enum storage storage)
{
    if (storage == STORAGE_NETWORK)
        return "net";
    if (storage == STORAGE_VOLUME)
        return "pool";
    return text_storage(storage) != NULL ? text_storage(storage) : "?";
}

static void print_layer(FILE *out, const char *target,
                        const struct layer *layer, const struct list_form *form)
{
    static const char *const colours[] = {
        [DANGER_NONE] = "", [DANGER_NEAR] = YELLOW, [DANGER_FULL] = RED};
    char name[TEXT_LAYER_LENGTH];
    char image[32];

    text_layer(name, layer);
    snprintf(image, sizeof(image), "%.5s %s",
             layer->format != NULL ? layer->format : "?",
             short_storage(layer->storage));
    colour(out, form, colours[text_danger(layer)]);
    fprintf(out, "  %-*.*s %-8s %-11s", form->name_width, NAME_MAX_WIDTH,
            target, name, image);
    print_size(out, form, layer->sizes.capacity);
    print_size(out, form, layer->sizes.allocation);
    print_size(out, form, layer->sizes.physical);
    print_size(out, form, layer->headroom);
    print_used(out, layer);
    print_source(out, layer, form);
    colour(out, form, colours[text_danger(layer)][0] != '\0' ? PLAIN : "");
    putc('\n', out);
}

static void print_job(FILE *out, const struct disk *disk,
                      const struct list_form *form)
{
    char left[TEXT_SIZE_LENGTH];
    double percent = job_percent(&disk->job);

    if (!disk->job_fresh)
        return;
    fprintf(out, "  %-*s %s", form->name_width, "", job_name(disk->job.kind));
    if (percent >= 0)
        fprintf(out, " %.0f%% done", percent);
    text_size(left, disk->job_left, form->bytes);
    if (disk->job_left != SIZE_UNKNOWN)
        fprintf(out, ", up to %s to write", left);
    putc('\n', out);
}

static void print_disk(FILE *out, const char *name, const struct disk *disk,
                       const struct list_form *form)
{
    if (disk->layer_count == 0)
        fprintf(out, "  %-*.*s empty\n", form->name_width, NAME_MAX_WIDTH,
                name);
    for (size_t i = 0; i < disk->layer_count; i++)
        print_layer(out, i == 0 ? name : "", &disk->layers[i], form);
    print_job(out, disk, form);
}

static void print_trouble(FILE *out, const struct domain *domain,
                          const struct list_form *form)
{
    colour(out, form, RED);
    fprintf(out, " %s", text_trouble(domain));
    if (domain->stale >= 1)
        fprintf(out, ", for %.0f s", domain->stale);
    colour(out, form, PLAIN);
}

static void print_domain(FILE *out, const struct domain *domain,
                         const struct list_form *form)
{
    bool sized = host_is_sized(domain);

    colour(out, form, BOLD);
    text_put(out, domain->name);
    colour(out, form, PLAIN);
    if (domain->id == DOMAIN_OFF)
        fputs(" (off)", out);
    if (!sized)
        print_trouble(out, domain, form);
    putc('\n', out);
    for (size_t i = 0; sized && i < domain->disk_count; i++)
        print_disk(out, domain->disks[i].target, &domain->disks[i], form);
}

static void print_pool(FILE *out, const struct pool *pool,
                       const struct list_form *form)
{
    const struct domain *volumes = &pool->volumes;
    char texts[3][TEXT_SIZE_LENGTH];

    text_size(texts[0], pool->capacity, form->bytes);
    text_size(texts[1], pool->allocation, form->bytes);
    text_size(texts[2], pool->available, form->bytes);
    colour(out, form, BOLD);
    fputs("pool ", out);
    text_put(out, volumes->name);
    colour(out, form, PLAIN);
    fprintf(out, ": %s of %s in use, %s available\n", texts[1], texts[0],
            texts[2]);
    for (size_t i = 0; i < volumes->disk_count; i++) {
        fputs("  ", out);
        text_put(out, volumes->disks[i].target);
        putc('\n', out);
        print_disk(out, "", &volumes->disks[i], form);
    }
}

/* As wide as the longest one that is shown. */
static int name_width(const struct inventory *inventory)
{
    size_t width = strlen("DISK");

    for (size_t i = 0; i < inventory->count; i++)
        for (size_t j = 0; j < inventory->domains[i]->disk_count; j++) {
            size_t length = strlen(inventory->domains[i]->disks[j].target);
            width = length > width ? length : width;
        }
    return width < NAME_MAX_WIDTH ? (int)width : NAME_MAX_WIDTH;
}

void list_print(FILE *out, const struct inventory *inventory,
                const struct list_form *form)
{
    struct list_form whole = *form;

    whole.name_width = name_width(inventory);
    print_header(out, &whole);
    for (size_t i = 0; i < inventory->count; i++)
        print_domain(out, inventory->domains[i], &whole);
    for (size_t i = 0; i < inventory->pools->count; i++)
        print_pool(out, inventory->pools->pools[i], &whole);
}
