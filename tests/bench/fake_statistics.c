/* SPDX-License-Identifier: MIT
 *
 * libvirt's bulk statistics: one answer for many domains, as typed parameters.
 */
#include "fake_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIB (1ull << 30)

/* --- parameters ---------------------------------------------------------- */

/* Those of a record, in libvirt's order. */
static const struct {
    const char *name;
    int type;
    bool size; /* a domain that is busy has none */
} fields[] = {
    {"name", VIR_TYPED_PARAM_STRING, false},
    {"path", VIR_TYPED_PARAM_STRING, false},
    {"backingIndex", VIR_TYPED_PARAM_UINT, false},
    {"rd.reqs", VIR_TYPED_PARAM_ULLONG, true},
    {"rd.bytes", VIR_TYPED_PARAM_ULLONG, true},
    {"rd.times", VIR_TYPED_PARAM_ULLONG, true},
    {"wr.reqs", VIR_TYPED_PARAM_ULLONG, true},
    {"wr.bytes", VIR_TYPED_PARAM_ULLONG, true},
    {"wr.times", VIR_TYPED_PARAM_ULLONG, true},
    {"fl.reqs", VIR_TYPED_PARAM_ULLONG, true},
    {"fl.times", VIR_TYPED_PARAM_ULLONG, true},
    {"allocation", VIR_TYPED_PARAM_ULLONG, true},
    {"capacity", VIR_TYPED_PARAM_ULLONG, true},
    {"physical", VIR_TYPED_PARAM_ULLONG, true},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))
#define FIELDS_AHEAD 3 /* of the domain itself */
#define FIELD_PATH 1

/* The names of all fields, made once: to print them anew for each answer would
 * take longer than all else that the fake does. */
void host_make_fields(void)
{
    size_t records = host.shape.disks * host.shape.layers;
    virTypedParameterPtr field =
        calloc(FIELDS_AHEAD + records * FIELDS, sizeof(*field));

    host.fields = field;
    host.field_count = (int)(FIELDS_AHEAD + records * FIELDS);
    strcpy(field->field, "state.state");
    field++->type = VIR_TYPED_PARAM_INT;
    strcpy(field->field, "state.reason");
    field++->type = VIR_TYPED_PARAM_INT;
    strcpy(field->field, "block.count");
    field->value.ui = (unsigned)records;
    field++->type = VIR_TYPED_PARAM_UINT;
    for (size_t i = 0; i < records; i++)
        for (size_t j = 0; j < FIELDS; j++, field++) {
            snprintf(field->field, sizeof(field->field), "block.%zu.%s", i,
                     fields[j].name);
            field->type = fields[j].type;
        }
}

static char *path_of(size_t number, size_t disk, size_t layer)
{
    char path[HOST_PATH_SIZE];

    host_print_path(path, number, disk, layer);
    return strdup(path);
}

static void set_value(virTypedParameterPtr param, const char *name,
                      size_t number, size_t disk, size_t layer)
{
    char target[4] = {'v', 'd', (char)('a' + disk), '\0'};

    if (strcmp(name, "name") == 0)
        param->value.s = strdup(target);
    else if (strcmp(name, "path") == 0)
        param->value.s = path_of(number, disk, layer);
    else if (strcmp(name, "backingIndex") == 0)
        param->value.ui = host_index(disk, layer);
    else if (strcmp(name, "capacity") == 0)
        param->value.ul = 10 * GIB;
    else if (strcmp(name, "allocation") == 0)
        param->value.ul = GIB + (layer == 0 ? host.ticks * 65536 % GIB : 0);
    else if (strcmp(name, "physical") == 0)
        param->value.ul = 2 * GIB;
    else
        param->value.ul = host.ticks;
}

static virTypedParameterPtr make_params(size_t number, bool whole,
                                        int *ret_count)
{
    size_t layers = host.shape.layers;
    size_t records = host.shape.disks * layers;
    virTypedParameterPtr params =
        malloc((size_t)host.field_count * sizeof(*params));
    virTypedParameterPtr to = params;
    const virTypedParameter *from = host.fields;

    memcpy(to, from, FIELDS_AHEAD * sizeof(*params));
    to += FIELDS_AHEAD;
    from += FIELDS_AHEAD;
    for (size_t i = 0; i < records; i++)
        for (size_t j = 0; j < FIELDS; j++, from++) {
            if ((fields[j].size && !whole) ||
                (j == FIELD_PATH && !host_has_files(number)))
                continue;
            *to = *from;
            set_value(to++, fields[j].name, number, i / layers, i % layers);
        }
    *ret_count = (int)(to - params);
    return params;
}

static void free_params(virTypedParameterPtr params, int count)
{
    for (int i = 0; i < count; i++)
        if (params[i].type == VIR_TYPED_PARAM_STRING)
            free(params[i].value.s);
    free(params);
}

/* --- answers ------------------------------------------------------------- */

/* An answer under construction. */
struct answers {
    virDomainStatsRecordPtr *records;
    int count;
    size_t blocks;
};

/* False when the daemon ended while the domain was asked. */
static bool add_answer(struct answers *answers, virConnectPtr conn,
                       size_t number, int id)
{
    if (!call_wait_for(conn, number))
        return false;
    enum answer answer = host_ask(number, id);

    if (answer == ANSWER_LOST)
        return !call_is_lost(conn);
    if (answer == ANSWER_GONE)
        return true;
    virDomainStatsRecordPtr record = calloc(1, sizeof(*record));
    record->dom = host_handle(conn, number, id);
    record->params =
        make_params(number, answer == ANSWER_WHOLE, &record->nparams);
    answers->records[answers->count++] = record;
    answers->blocks += host.shape.disks * host.shape.layers;
    return true;
}

static void free_answers(struct answers *answers)
{
    for (int i = 0; i < answers->count; i++) {
        free_params(answers->records[i]->params, answers->records[i]->nparams);
        host.tally.handles--;
        free(answers->records[i]->dom);
        free(answers->records[i]);
    }
    free(answers->records);
}

static int give_answers(struct answers *answers, bool good,
                        virDomainStatsRecordPtr **ret_records)
{
    if (good && host.bound > 0 && answers->blocks > host.bound) {
        call_set_error(VIR_ERR_RPC, VIR_FROM_RPC,
                       "Unable to encode message payload");
        good = false;
    }
    if (!good) {
        free_answers(answers);
        return -1;
    }
    host.tally.answers++;
    *ret_records = answers->records;
    return answers->count;
}

static void pass_gate(void)
{
    host_lock();
    void (*gate)(void) = host.gate;
    host_unlock();
    if (gate != NULL)
        gate();
}

static struct answers make_answers(size_t room)
{
    host.ticks++;
    return (struct answers){.records = calloc(room + 1, sizeof(void *))};
}

/* Who runs is settled when the call begins. */
int virConnectGetAllDomainStats(virConnectPtr conn, unsigned stats,
                                virDomainStatsRecordPtr **records,
                                unsigned flags)
{
    int count = -1;

    (void)stats;
    (void)flags;
    pass_gate();
    if (call_begin(conn) && call_wait_for_all(conn)) {
        int all;
        virDomainPtr *domains = host_list(conn, &all);
        struct answers answers = make_answers((size_t)all);
        bool good = true;
        for (int i = 0; i < all; i++) {
            good = good && add_answer(&answers, conn, domains[i]->number,
                                      domains[i]->id);
            host.tally.handles--;
            free(domains[i]);
        }
        free(domains);
        count = give_answers(&answers, good, records);
    }
    call_end();
    return count;
}

int virDomainListGetStats(virDomainPtr *domains, unsigned stats,
                          virDomainStatsRecordPtr **records, unsigned flags)
{
    virConnectPtr conn = domains[0]->conn;
    size_t all = 0;
    int count = -1;

    (void)stats;
    (void)flags;
    pass_gate();
    while (domains[all] != NULL)
        all++;
    if (call_begin(conn)) {
        struct answers answers = make_answers(all);
        bool good = true;
        for (size_t i = 0; i < all && good; i++)
            good =
                add_answer(&answers, conn, domains[i]->number, domains[i]->id);
        count = give_answers(&answers, good, records);
    }
    call_end();
    return count;
}

void virDomainStatsRecordListFree(virDomainStatsRecordPtr *records)
{
    struct answers answers = {.records = records};

    call_forget_error();
    while (records[answers.count] != NULL)
        answers.count++;
    host_lock();
    host.tally.answers--;
    free_answers(&answers);
    host_unlock();
}
