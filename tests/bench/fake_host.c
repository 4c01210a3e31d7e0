/* SPDX-License-Identifier: MIT */
#include "fake_host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct host host;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void host_lock(void)
{
    pthread_mutex_lock(&lock);
}

void host_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void host_wait(void)
{
    pthread_cond_wait(&changed, &lock);
}

double host_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* xorshift64* */
uint64_t host_random(uint64_t below)
{
    host.seed ^= host.seed >> 12;
    host.seed ^= host.seed << 25;
    host.seed ^= host.seed >> 27;
    return (host.seed * 0x2545f4914f6cdd1dull >> 16) % below;
}

/* --- machines ------------------------------------------------------------ */

/* UUIDs that tell nothing of the order in which libvirt lists the machines. */
static void make_machine(struct machine *machine, size_t number)
{
    uint64_t bits = (number + 1) * 0x9e3779b97f4a7c15ull;

    snprintf(machine->name, sizeof(machine->name), "vm%zu", number);
    memcpy(machine->uuid, &bits, sizeof(bits));
    memcpy(machine->uuid + 8, &number, sizeof(uint64_t));
    machine->id = host.next_id++;
}

size_t host_number(const unsigned char *uuid)
{
    size_t number;

    memcpy(&number, uuid + 8, sizeof(number));
    return number;
}

struct machine *host_find(size_t number, int id)
{
    struct machine *machine = &host.machines[number];

    return machine->id == id ? machine : NULL;
}

enum answer host_ask(size_t number, int id)
{
    unsigned generation = host.generation;
    struct machine *machine = host_find(number, id);

    host.tally.asked++;
    if (machine == NULL)
        return ANSWER_GONE;
    if (machine->held)
        return ANSWER_BUSY;
    machine->held = true;
    machine->since = host_now();
    while (machine->hung && machine->id == id && generation == host.generation)
        host_wait();
    machine->held = false;
    if (generation != host.generation)
        return ANSWER_LOST;
    return machine->id == id ? ANSWER_WHOLE : ANSWER_GONE;
}

size_t *host_order(void)
{
    size_t count = host.shape.domains;
    size_t *order = malloc((count + 1) * sizeof(*order));

    for (size_t i = count; host.shuffle && i > 1; i--) {
        size_t j = host_random(i);
        size_t other = host.order[i - 1];
        host.order[i - 1] = host.order[j];
        host.order[j] = other;
    }
    memcpy(order, host.order, count * sizeof(*order));
    return order;
}

/* --- images -------------------------------------------------------------- */

void fake_image_name(char ret_name[FAKE_NAME_SIZE], size_t domain, size_t disk,
                     size_t layer)
{
    snprintf(ret_name, FAKE_NAME_SIZE, "vm%zu-vd%c-%zu.qcow2", domain,
             (char)('a' + disk), layer);
}

/* libvirt numbers the images of a chain from its base up, by disk. */
unsigned host_index(size_t disk, size_t layer)
{
    return (unsigned)((disk + 1) * host.shape.layers - layer);
}

bool host_has_files(size_t number)
{
    const struct fake_shape *shape = &host.shape;

    return shape->folder != NULL &&
           (shape->networked == 0 || number % shape->networked != 0);
}

static const char *type_of_image(size_t number)
{
    return host_has_files(number) ? "file" : "network";
}

/* The path of a file, or the name on the server. */
void host_print_path(char path[HOST_PATH_SIZE], size_t number, size_t disk,
                     size_t layer)
{
    const struct fake_shape *shape = &host.shape;
    char name[FAKE_NAME_SIZE];

    fake_image_name(name, number, disk, layer);
    if (!host_has_files(number))
        snprintf(path, HOST_PATH_SIZE, "images/%s", name);
    else if (shape->stores > 1)
        snprintf(path, HOST_PATH_SIZE, "%s/store%zu/%s", shape->folder,
                 number % shape->stores, name);
    else
        snprintf(path, HOST_PATH_SIZE, "%s/%s", shape->folder, name);
}

static void print_source(FILE *xml, size_t number, size_t disk, size_t layer)
{
    char path[HOST_PATH_SIZE];

    host_print_path(path, number, disk, layer);
    if (host_has_files(number))
        fprintf(xml, "<source file='%s' index='%u'/>", path,
                host_index(disk, layer));
    else
        fprintf(xml,
                "<source protocol='rbd' name='%s' index='%u'>"
                "<host name='store%zu' port='6789'/></source>",
                path, host_index(disk, layer), number % host.shape.stores);
}

static void print_disk(FILE *xml, size_t number, size_t disk)
{
    size_t layers = host.shape.layers;

    fprintf(xml,
            "<disk type='%s' device='disk'><driver name='qemu' type='qcow2'/>",
            type_of_image(number));
    print_source(xml, number, disk, 0);
    for (size_t i = 1; i < layers; i++) {
        fprintf(xml, "<backingStore type='%s' index='%u'>",
                type_of_image(number), host_index(disk, i));
        fprintf(xml, "<format type='qcow2'/>");
        print_source(xml, number, disk, i);
    }
    fprintf(xml, "<backingStore/>");
    for (size_t i = 1; i < layers; i++)
        fprintf(xml, "</backingStore>");
    fprintf(xml, "<target dev='vd%c' bus='virtio'/></disk>\n",
            (char)('a' + disk));
}

char *host_xml(size_t number)
{
    const struct machine *machine = &host.machines[number];
    char *text = NULL;
    size_t size = 0;
    FILE *xml = open_memstream(&text, &size);

    fprintf(xml, "<domain type='kvm' id='%d'><name>%s</name><devices>\n",
            machine->id, machine->name);
    for (size_t i = 0; i < host.shape.disks; i++)
        print_disk(xml, number, i);
    fprintf(xml, "</devices></domain>\n");
    fclose(xml);
    return text;
}

/* --- controls ------------------------------------------------------------ */

void fake_start(const struct fake_shape *shape)
{
    host_lock();
    host = (struct host){
        .shape = *shape, .next_id = 1, .seed = 1, .generation = 1};
    if (host.shape.stores == 0)
        host.shape.stores = 1;
    host.machines = calloc(shape->domains + 1, sizeof(*host.machines));
    host.order = calloc(shape->domains + 1, sizeof(*host.order));
    for (size_t i = 0; i < shape->domains; i++) {
        make_machine(&host.machines[i], i);
        host.order[i] = i;
    }
    host_make_fields();
    host_unlock();
}

void fake_end(void)
{
    host_lock();
    free(host.machines);
    free(host.order);
    free(host.fields);
    host = (struct host){0};
    host_unlock();
}

/* Sets one field under the lock and wakes up whoever waits for a change. */
#define CONTROL(statement)                                                     \
    do {                                                                       \
        host_lock();                                                           \
        statement;                                                             \
        pthread_cond_broadcast(&changed);                                      \
        host_unlock();                                                         \
    } while (0)

void fake_hang(size_t domain, bool hang)
{
    CONTROL(host.machines[domain].hung = hang);
}

void fake_hold(size_t domain, bool hold)
{
    CONTROL(host.machines[domain].ending = hold);
}

void fake_freeze(bool frozen)
{
    CONTROL(host.frozen = frozen);
}

void fake_break(unsigned refused)
{
    CONTROL(host.generation++; host.refused = refused);
}

void fake_run(size_t domain, bool run)
{
    CONTROL(host.machines[domain].id = run ? host.next_id++ : 0);
}

void fake_fail(unsigned calls)
{
    CONTROL(host.failing = calls);
}

void fake_bound(size_t records)
{
    CONTROL(host.bound = records);
}

void fake_delay(unsigned microseconds)
{
    CONTROL(host.delay = microseconds);
}

void fake_shuffle(bool shuffle)
{
    CONTROL(host.shuffle = shuffle);
}

void fake_gate(void (*gate)(void))
{
    CONTROL(host.gate = gate);
}

struct fake_tally fake_tally(void)
{
    host_lock();
    struct fake_tally tally = host.tally;
    for (size_t i = 0; i < host.shape.domains; i++)
        tally.running += host.machines[i].id != 0;
    host_unlock();
    return tally;
}
