/* SPDX-License-Identifier: MIT */
#include "fake_hypervisor.h"

#include "statstext.h"
#include "unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *copy(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

void fake_start(struct fake_hypervisor *fake, size_t count)
{
    *fake = (struct fake_hypervisor){
        .domains = calloc(count, sizeof(struct fake_domain)),
        .count = count,
        .local = true,
        .hostname = "host",
    };
    assert_non_null(fake->domains);
    for (size_t i = 0; i < count; i++) {
        fake->domains[i].uuid = (unsigned)i + 1;
        fake->domains[i].id = (int)i + 1;
        fake->domains[i].info = SIZES_UNKNOWN;
    }
}

void fake_state(struct fake_domain *domain, const char *stats)
{
    blockstats_reset(&domain->stats);
    free(domain->text);
    domain->text = stats == NULL ? NULL : strdup(stats);
    if (domain->text != NULL)
        statstext_read(&domain->stats, domain->text);
}

void fake_stop(struct fake_hypervisor *fake)
{
    for (size_t i = 0; i < fake->count; i++) {
        free(fake->domains[i].text);
        blockstats_clear(&fake->domains[i].stats);
    }
    free(fake->domains);
}

struct domain_ref fake_ref(struct fake_domain *domain)
{
    struct domain_ref ref = {
        .id = domain->id, .name = domain->name, .handle = domain};

    ref.uuid[UUID_BYTES - 2] = (unsigned char)(domain->uuid >> 8);
    ref.uuid[UUID_BYTES - 1] = (unsigned char)domain->uuid;
    return ref;
}

/* A domain that is held answers as libvirt has it: without sizes. */
static void visit_held(const struct fake_domain *domain,
                       const struct domain_ref *ref, hypervisor_visit visit,
                       void *visit_context)
{
    struct blockstats stats = domain->stats;

    stats.records = calloc(stats.count + 1, sizeof(*stats.records));
    for (size_t i = 0; i < stats.count; i++) {
        stats.records[i] = domain->stats.records[i];
        stats.records[i].stated = SIZES_UNKNOWN;
    }
    visit(visit_context, ref, &stats);
    free(stats.records);
}

static void visit_asked(struct fake_hypervisor *fake,
                        const struct fake_domain *domain,
                        const struct domain_ref *ref, hypervisor_visit visit,
                        void *visit_context)
{
    fake->asked++;
    if (domain->held)
        visit_held(domain, ref, visit, visit_context);
    else
        visit(visit_context, ref, &domain->stats);
}

static bool fake_read(void *context, const struct ask *ask,
                      hypervisor_visit visit, void *visit_context)
{
    struct fake_hypervisor *fake = context;

    fake->reads++;
    fake->asked = 0;
    for (size_t i = 0; i < fake->count; i++) {
        struct fake_domain *domain = &fake->domains[i];
        struct domain_ref ref = fake_ref(domain);
        size_t records;
        /* One without a name is not there at all. */
        if (domain->name == NULL ||
            (!ask->inactive && domain->id == DOMAIN_OFF))
            continue;
        if (ask->everybody || ask->wants(ask->context, &ref, &records))
            visit_asked(fake, domain, &ref, visit, visit_context);
        else
            visit(visit_context, &ref, NULL);
    }
    return !fake->silent;
}

/* Of those that run; NULL where that one does not, or is gone. */
static struct fake_domain *find_running(struct fake_hypervisor *fake,
                                        const unsigned char uuid[UUID_BYTES])
{
    for (size_t i = 0; i < fake->count; i++) {
        struct fake_domain *domain = &fake->domains[i];
        struct domain_ref ref = fake_ref(domain);
        if (ref.name != NULL && ref.id != DOMAIN_OFF &&
            memcmp(ref.uuid, uuid, UUID_BYTES) == 0)
            return domain;
    }
    return NULL;
}

static bool fake_read_known(void *context, const struct ask *ask,
                            hypervisor_visit visit, void *visit_context)
{
    struct fake_hypervisor *fake = context;
    const unsigned char *uuid;
    size_t position = 0;

    fake->reads_known++;
    fake->asked = 0;
    while ((uuid = ask->next(ask->context, &position)) != NULL) {
        struct fake_domain *domain = find_running(fake, uuid);
        if (domain == NULL)
            continue;
        struct domain_ref ref = fake_ref(domain);
        visit_asked(fake, domain, &ref, visit, visit_context);
    }
    return !fake->silent;
}

static bool fake_read_busy(void *context, hypervisor_visit_busy visit,
                           void *visit_context)
{
    struct fake_hypervisor *fake = context;

    fake->busy_reads++;
    for (size_t i = 0; i < fake->count; i++) {
        struct domain_ref ref = fake_ref(&fake->domains[i]);
        if (ref.name != NULL && ref.id != DOMAIN_OFF)
            visit(visit_context, &ref,
                  fake->domains[i].held ? fake->domains[i].held_seconds : 0);
    }
    return !fake->silent;
}

/* The XML of a domain that runs has its id in its first tag. */
static char *with_id(const char *xml, int id)
{
    static const char tag[] = "<domain";
    char *text = NULL;

    if (id < 0 || strncmp(xml, tag, strlen(tag)) != 0)
        return strdup(xml);
    if (asprintf(&text, "%s id='%d'%s", tag, id, xml + strlen(tag)) < 0)
        return NULL;
    return text;
}

static char *fake_domain_xml(void *context, const struct domain_ref *ref,
                             const char **ret_reason)
{
    struct fake_hypervisor *fake = context;
    const struct fake_domain *domain = ref->handle;

    fake->xmls++;
    if (domain->xml != NULL)
        return with_id(domain->xml, domain->id);
    *ret_reason = domain->xml_reason;
    return NULL;
}

static char *fake_backup_xml(void *context, const struct domain_ref *ref)
{
    struct fake_hypervisor *fake = context;
    const struct fake_domain *domain = ref->handle;

    fake->backups++;
    return domain->backup == NULL ? NULL : strdup(domain->backup);
}

static bool fake_block_info(void *context, const struct domain_ref *ref,
                            const char *target, struct sizes *ret_sizes)
{
    struct fake_hypervisor *fake = context;
    const struct fake_domain *domain = ref->handle;

    (void)target;
    fake->infos++;
    if (domain->info.capacity == SIZE_UNKNOWN)
        return false;
    *ret_sizes = domain->info;
    return true;
}

static enum storage fake_volume_storage(void *context, const char *pool,
                                        const char *volume, char **ret_path)
{
    struct fake_hypervisor *fake = context;

    fake->volumes++;
    if (ret_path != NULL && fake->volume != STORAGE_UNKNOWN &&
        asprintf(ret_path, "/%s/%s", pool, volume) < 0)
        *ret_path = NULL;
    return fake->volume;
}

static bool fake_read_pools(void *context, hypervisor_visit_pool visit,
                            void *visit_context)
{
    struct fake_hypervisor *fake = context;

    fake->pool_reads++;
    for (size_t i = 0; i < fake->pool_count; i++) {
        const struct fake_pool *pool = &fake->pools[i];
        struct pool_ref ref = {
            .name = pool->name,
            .capacity = pool->capacity,
            .allocation = pool->allocation,
            .available = pool->available,
            .handle = (void *)(uintptr_t)pool,
        };
        ref.uuid[UUID_BYTES - 1] = pool->uuid;
        if (pool->name != NULL)
            visit(visit_context, &ref);
    }
    return !fake->pools_silent;
}

static bool fake_read_volumes(void *context, const struct pool_ref *ref,
                              hypervisor_visit_volume visit,
                              void *visit_context)
{
    struct fake_hypervisor *fake = context;
    const struct fake_pool *pool = ref->handle;

    fake->volume_lists++;
    for (size_t i = 0; i < pool->volume_count; i++)
        if (pool->volumes[i].xml != NULL)
            visit(visit_context, pool->volumes[i].name, pool->volumes[i].xml);
    return !fake->volumes_silent;
}

static char *fake_volume_xml(void *context, const char *path)
{
    struct fake_hypervisor *fake = context;

    fake->volume_xmls++;
    for (size_t i = 0; i < fake->pool_count; i++)
        for (size_t j = 0; j < fake->pools[i].volume_count; j++) {
            const struct fake_volume *volume = &fake->pools[i].volumes[j];
            if (volume->path != NULL && strcmp(volume->path, path) == 0)
                return copy(volume->xml);
        }
    return NULL;
}

static char *refuse(const char *reason)
{
    return reason == NULL ? NULL : strdup(reason);
}

static void run_errand(struct fake_hypervisor *fake, struct errand *errand)
{
    struct fake_domain *domain = find_running(fake, errand->uuid);

    fake->errands[errand->kind]++;
    if (domain != NULL)
        domain->thresholds += errand->kind == ERRAND_THRESHOLD;
    if (domain == NULL || domain->id != errand->id || fake->errands_silent)
        return;
    switch (errand->kind) {
    case ERRAND_JOB:
    case ERRAND_BACKUP:
        errand->job = domain->job;
        break;
    case ERRAND_ERRORS:
        errand->errors = calloc(1, sizeof(*errand->errors));
        errand->error_count = domain->error.target[0] != '\0';
        errand->errors[0] = domain->error;
        break;
    case ERRAND_THRESHOLD:
        errand->reason = refuse(fake->refusal);
        snprintf(fake->threshold_target, sizeof(fake->threshold_target), "%s",
                 errand->target);
        fake->threshold = errand->threshold;
        break;
    }
    errand->done = errand->reason == NULL;
}

static bool fake_run_errands(void *context, struct errand *errands,
                             size_t count)
{
    const struct fake_hypervisor *fake = context;

    if (fake->errand_time > 0)
        usleep(fake->errand_time);
    for (size_t i = 0; i < count; i++)
        run_errand(context, &errands[i]);
    return true;
}

static const char *fake_hostname(void *context)
{
    const struct fake_hypervisor *fake = context;

    return fake->hostname;
}

static bool fake_is_local(void *context)
{
    const struct fake_hypervisor *fake = context;

    return fake->local;
}

static bool fake_may_write(void *context)
{
    const struct fake_hypervisor *fake = context;

    return !fake->readonly;
}

static uint64_t fake_calls(void *context)
{
    const struct fake_hypervisor *fake = context;

    return (uint64_t)fake->reads + fake->reads_known + fake->busy_reads +
           fake->xmls + fake->backups + fake->infos + fake->volumes +
           fake->pool_reads + fake->volume_lists + fake->volume_xmls;
}

struct hypervisor fake_table(struct fake_hypervisor *fake)
{
    return (struct hypervisor){
        .context = fake,
        .read = fake_read,
        .read_known = fake_read_known,
        .read_busy = fake_read_busy,
        .domain_xml = fake_domain_xml,
        .backup_xml = fake_backup_xml,
        .block_info = fake_block_info,
        .volume_storage = fake_volume_storage,
        .read_pools = fake_read_pools,
        .read_volumes = fake_read_volumes,
        .volume_xml = fake_volume_xml,
        .may_write = fake_may_write,
        .run_errands = fake_run_errands,
        .hostname = fake_hostname,
        .is_local = fake_is_local,
        .calls = fake_calls,
    };
}

static const struct fake_image *found;
static size_t found_count;
const char fake_denied[] = "permission denied";

/* Also counted in the porters' threads. */
static _Atomic unsigned looks;
static _Atomic unsigned reads;
static _Atomic unsigned delay; /* milliseconds */

void fake_images_set(const struct fake_image *images, size_t count)
{
    found = images;
    found_count = count;
    looks = 0;
    reads = 0;
    delay = 0;
}

void fake_images_slow(unsigned milliseconds)
{
    delay = milliseconds;
}

unsigned fake_images_looks(void)
{
    return looks;
}

static bool fake_look(const char *path, struct look *ret_look)
{
    looks++;
    for (size_t i = 0; i < found_count; i++)
        if (strcmp(found[i].path, path) == 0) {
            *ret_look = found[i].look;
            return true;
        }
    return false;
}

static uint64_t fake_free_space(const char *path)
{
    for (size_t i = 0; i < found_count; i++)
        if (strcmp(found[i].path, path) == 0)
            return found[i].free_space;
    return SIZE_UNKNOWN;
}

/* From a porter's thread, while the test waits. */
static const char *fake_image_read(const char *path, const char *format,
                                   struct image *ret_image)
{
    (void)format;
    usleep(1000 * atomic_exchange(&delay, 0));
    reads++;
    for (size_t i = 0; i < found_count; i++) {
        const struct fake_image *image = &found[i];
        if (strcmp(image->path, path) != 0)
            continue;
        if (image->trouble != NULL)
            return image->trouble;
        *ret_image = image->image;
        ret_image->backing_name = copy(image->image.backing_name);
        ret_image->backing_format = copy(image->image.backing_format);
        return NULL;
    }
    if (found_count > 0)
        return "no such file";
    *ret_image = (struct image){
        .capacity = SIZE_UNKNOWN, .end = SIZE_UNKNOWN, .largest = SIZE_UNKNOWN};
    return NULL;
}

unsigned fake_images_reads(void)
{
    return reads;
}

/* All in one place. */
static uint64_t fake_place(const char *path)
{
    (void)path;
    return 1;
}

const struct images fake_images = {
    .look = fake_look,
    .free_space = fake_free_space,
    .place = fake_place,
    .read = fake_image_read,
    .denied = fake_denied,
};
