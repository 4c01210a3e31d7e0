/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "plain.h"
#include "sizes.h"
#include "text.h"

#include <stdlib.h>
#include <unistd.h>

struct one {
    const struct domain *domain;
    const struct disk *disk;
    const struct layer *layer; /* NULL: there is none */
};

/* What was found is looked through twice: for the worst status, and for the
 * reasons of it. */
struct finding {
    const struct inventory *inventory;
    const struct options *options;
    enum check_status status; /* the worst so far */
    size_t layers;            /* that were looked at */
    struct one least;         /* of those that can run out */
    FILE *out;                /* where reasons go; NULL: the first time */
    size_t reasons;           /* that went there */
};

/* Of a driver that has no block statistics nobody says who writes; the active
 * layer is there to be written. */
static bool is_written(const struct one *one)
{
    const struct layer *layer = one->layer;

    if (!one->domain->settled)
        return layer->written;
    return one->domain->id != DOMAIN_OFF && layer->role == ROLE_CHAIN &&
           layer->depth == 0 && !one->disk->readonly;
}

/* One that can run out, as far as is known. What does not grow can't, but in a
 * file, whose file system may be full. */
static bool is_judged(const struct one *one)
{
    enum storage storage = sizes_storage(one->layer);

    return is_written(one) && storage != STORAGE_NONE &&
           ((storage != STORAGE_BLOCK && storage != STORAGE_NETWORK) ||
            format_grows(one->layer->format));
}

/* Of what the image has and can get on its storage, not of its capacity: for
 * that there may be no room. */
static double percent_used(const struct layer *layer)
{
    uint64_t allocation = layer->sizes.allocation;

    if (layer->headroom == SIZE_UNKNOWN)
        return sizes_storage(layer) == STORAGE_BLOCK ? layer->percent
                                                     : PERCENT_UNKNOWN;
    if (sizes_fits(layer))
        return layer->percent;
    if (layer->headroom == 0)
        return 100;
    return 100.0 * (double)allocation /
           ((double)allocation + (double)layer->headroom);
}

static bool is_unknown(const struct layer *layer, const struct limit *limit)
{
    return (limit->bytes > 0 && layer->headroom == SIZE_UNKNOWN) ||
           (limit->percent > 0 && percent_used(layer) < 0);
}

static bool is_beyond(const struct layer *layer, const struct limit *limit)
{
    double used = percent_used(layer);

    if (sizes_fits(layer))
        return false;
    if (limit->bytes > 0 && layer->headroom != SIZE_UNKNOWN &&
        layer->headroom < limit->bytes)
        return true;
    /* None is so high that nothing left would be well. */
    return limit->percent > 0 && (used > limit->percent || used >= 100);
}

static enum check_status status_of(const struct layer *layer,
                                   const struct options *options)
{
    if (is_beyond(layer, &options->critical))
        return CHECK_CRITICAL;
    if (is_beyond(layer, &options->warning))
        return CHECK_WARNING;
    return is_unknown(layer, &options->critical) ||
                   is_unknown(layer, &options->warning)
               ? CHECK_UNKNOWN
               : CHECK_OK;
}

/* What can't be known is worse than what is well, and no worse than what is
 * known to be wrong. */
static int rank(enum check_status status)
{
    static const int ranks[] = {[CHECK_OK] = 0,
                                [CHECK_UNKNOWN] = 1,
                                [CHECK_WARNING] = 2,
                                [CHECK_CRITICAL] = 3};

    return ranks[status];
}

/* True when it is to be said why. */
static bool take(struct finding *finding, enum check_status status)
{
    if (finding->out == NULL) {
        if (rank(status) > rank(finding->status))
            finding->status = status;
        return false;
    }
    if (status == CHECK_OK || status != finding->status)
        return false;
    if (finding->reasons++ > 0)
        fputs(", ", finding->out);
    return true;
}

/* '|' would begin performance data. A label stands between single quotes, where
 * one is doubled, and ends at a '='. */
static void print_name(FILE *out, const char *name, bool label)
{
    while (*name != '\0') {
        size_t control = plain_control_length(name);
        if (label && *name == '\'')
            putc('\'', out);
        bool bad = control > 0 || *name == '|' || (label && *name == '=');
        putc(bad ? '_' : *name, out);
        name += control > 0 ? control : 1;
    }
}

static void say_layer(FILE *out, const struct one *one)
{
    const struct layer *layer = one->layer;
    char name[TEXT_LAYER_LENGTH];
    char left[TEXT_SIZE_LENGTH];

    text_layer(name, layer);
    text_size(left, layer->headroom, false);
    print_name(out, one->domain->name, false);
    fprintf(out, " %s %s: ", one->disk->target, name);
    if (layer->headroom == SIZE_UNKNOWN)
        fputs("what is left is not known", out);
    else
        fprintf(out, "%s left", left);
    if (percent_used(layer) >= 0)
        fprintf(out, " (%.0f%% used)", percent_used(layer));
}

static void look_at(struct finding *finding, const struct one *one)
{
    const struct layer *layer = one->layer;
    const struct layer *least = finding->least.layer;

    if (!is_judged(one))
        return;
    finding->layers++;
    if (layer->headroom != SIZE_UNKNOWN && !sizes_fits(layer) &&
        (least == NULL || layer->headroom < least->headroom))
        finding->least = *one;
    if (take(finding, status_of(layer, finding->options)))
        say_layer(finding->out, one);
}

static void look_at_domain(struct finding *finding, const struct domain *domain)
{
    if (!host_is_sized(domain)) {
        if (take(finding, CHECK_UNKNOWN)) {
            print_name(finding->out, domain->name, false);
            fprintf(finding->out, " %s", text_trouble(domain));
        }
        return;
    }
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            look_at(finding, &(struct one){domain, &domain->disks[i],
                                           &domain->disks[i].layers[j]});
}

/* Any user but root has a libvirt of its own by default, where nothing ever
 * runs. */
static bool is_elsewhere(const struct inventory *inventory,
                         const struct options *options)
{
    return inventory->count == 0 && options->argument_count == 0 &&
           options->connection == NULL && geteuid() != 0 &&
           getenv("LIBVIRT_DEFAULT_URI") == NULL;
}

static void look_at_all(struct finding *finding)
{
    const struct inventory *inventory = finding->inventory;
    const struct options *options = finding->options;

    for (size_t i = 0; i < inventory->count; i++)
        look_at_domain(finding, inventory->domains[i]);
    for (size_t i = 0; i < options->argument_count; i++) {
        const char *name = options->arguments[i];
        bool fits = *name == '/' ? inventory->count > 0
                                 : host_find_domain(inventory, name) != NULL;
        if (fits || !take(finding, CHECK_UNKNOWN))
            continue;
        fputs("no domain ", finding->out);
        print_name(finding->out, name, false);
        fputs(" runs", finding->out);
    }
    if (is_elsewhere(inventory, options) && take(finding, CHECK_UNKNOWN))
        fputs("no domain runs at this user's default connection; that of the "
              "system is -c qemu:///system",
              finding->out);
}

/* What is wrong is said first; but who does not answer is said, too. */
static void say_silent(FILE *out, const struct finding *finding)
{
    const struct inventory *inventory = finding->inventory;

    if (rank(finding->status) <= rank(CHECK_UNKNOWN))
        return;
    for (size_t i = 0; i < inventory->count; i++) {
        if (host_is_sized(inventory->domains[i]))
            continue;
        fputs("; ", out);
        print_name(out, inventory->domains[i]->name, false);
        fprintf(out, " %s", text_trouble(inventory->domains[i]));
    }
}

/* headroom in bytes, with the limits that are in bytes: "N:" is an alarm below
 * N. */
static void print_performance(FILE *out, const struct domain *domain,
                              const struct disk *disk,
                              const struct layer *layer,
                              const struct options *options)
{
    char name[TEXT_LAYER_LENGTH];

    if (layer->headroom == SIZE_UNKNOWN)
        return;
    text_layer(name, layer);
    fputs(" '", out);
    print_name(out, domain->name, true);
    fprintf(out, " %s %s'=%lluB;", disk->target, name,
            (unsigned long long)layer->headroom);
    if (options->warning.bytes > 0)
        fprintf(out, "%llu:", (unsigned long long)options->warning.bytes);
    putc(';', out);
    if (options->critical.bytes > 0)
        fprintf(out, "%llu:", (unsigned long long)options->critical.bytes);
    fputs(";0", out);
}

static void print_all_performance(FILE *out, const struct finding *finding)
{
    const struct inventory *inventory = finding->inventory;

    for (size_t i = 0; i < inventory->count; i++) {
        const struct domain *domain = inventory->domains[i];
        for (size_t j = 0; host_is_sized(domain) && j < domain->disk_count; j++)
            for (size_t k = 0; k < domain->disks[j].layer_count; k++)
                print_performance(out, domain, &domain->disks[j],
                                  &domain->disks[j].layers[k],
                                  finding->options);
    }
}

/* Nothing is wrong where nothing runs; but it may be the wrong connection. */
static void say_well(FILE *out, const struct finding *finding)
{
    const char *uri = finding->options->connection;

    if (finding->inventory->count == 0)
        fprintf(out, "no domain runs at %s",
                uri != NULL ? uri : "this user's default connection");
    else
        fprintf(out, "%zu layer%s room", finding->layers,
                finding->layers == 1 ? " has" : "s have");
}

enum check_status check_print(FILE *out, struct host *host,
                              const struct options *options)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    struct finding finding = {.inventory = host_read(host, true),
                              .options = options};

    if (finding.inventory == NULL) {
        fputs("VIRT-BACKING UNKNOWN - libvirt does not answer\n", out);
        return CHECK_UNKNOWN;
    }
    look_at_all(&finding);
    fprintf(out, "VIRT-BACKING %s - ", words[finding.status]);
    if (finding.status == CHECK_OK)
        say_well(out, &finding);
    if (finding.status == CHECK_OK && finding.least.layer != NULL) {
        fputs(", the least: ", out);
        say_layer(out, &finding.least);
    }
    finding.out = out;
    look_at_all(&finding);
    say_silent(out, &finding);
    fputs(" |", out);
    print_all_performance(out, &finding);
    putc('\n', out);
    return finding.status;
}
