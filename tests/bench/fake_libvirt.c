/* SPDX-License-Identifier: MIT
 *
 * The functions of libvirt for connections and domains; fake_host.c is behind
 * them. libvirt's own headers declare them, so that no signature can drift.
 */
#include "fake_host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- errors -------------------------------------------------------------- */

static __thread struct {
    int code;
    int domain;
    const char *text;
} last;

void call_forget_error(void)
{
    last.code = VIR_ERR_OK;
    last.domain = VIR_FROM_NONE;
}

void call_set_error(int code, int domain, const char *text)
{
    last.code = code;
    last.domain = domain;
    last.text = text;
}

int virGetLastErrorCode(void)
{
    return last.code;
}

int virGetLastErrorDomain(void)
{
    return last.domain;
}

const char *virGetLastErrorMessage(void)
{
    return last.code == VIR_ERR_OK ? "no error" : last.text;
}

/* --- calls --------------------------------------------------------------- */

bool call_is_lost(virConnectPtr conn)
{
    if (conn->generation == host.generation)
        return false;
    call_set_error(VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                   "client socket is closed");
    return true;
}

bool call_begin(virConnectPtr conn)
{
    struct fake_tally *tally = &host.tally;

    call_forget_error();
    host_lock();
    tally->calls++;
    if (++tally->outstanding > tally->most)
        tally->most = tally->outstanding;
    unsigned delay = host.delay == 0 ? 0 : (unsigned)host_random(host.delay);
    if (delay > 0) {
        host_unlock();
        usleep(delay);
        host_lock();
    }
    while (host.frozen && conn->generation == host.generation)
        host_wait();
    if (call_is_lost(conn))
        return false;
    if (host.failing == 0)
        return true;
    host.failing--;
    call_set_error(VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
                   "the test wants an error");
    return false;
}

void call_end(void)
{
    host.tally.outstanding--;
    host_unlock();
}

/* --- connections --------------------------------------------------------- */

int virGetVersion(unsigned long *version, const char *type,
                  unsigned long *driver_version)
{
    (void)type;
    (void)driver_version;
    *version = LIBVIR_VERSION_NUMBER;
    return 0;
}

int virInitialize(void)
{
    return 0;
}

virConnectPtr virConnectOpen(const char *name)
{
    return virConnectOpenReadOnly(name);
}

virConnectPtr virConnectOpenReadOnly(const char *name)
{
    virConnectPtr conn = NULL;

    (void)name;
    call_forget_error();
    host_lock();
    if (host.refused > 0) {
        host.refused--;
        call_set_error(VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
                       "Failed to connect socket: Connection refused");
    } else {
        conn = calloc(1, sizeof(*conn));
        conn->generation = host.generation;
        host.tally.connections++;
    }
    host_unlock();
    return conn;
}

int virConnectClose(virConnectPtr conn)
{
    call_forget_error();
    host_lock();
    host.tally.connections--;
    host_unlock();
    free(conn);
    return 0;
}

int virConnectIsAlive(virConnectPtr conn)
{
    call_forget_error();
    host_lock();
    int alive = conn->generation == host.generation;
    host_unlock();
    return alive;
}

char *virConnectGetURI(virConnectPtr conn)
{
    (void)conn;
    call_forget_error();
    return strdup("qemu:///system");
}

char *virConnectGetHostname(virConnectPtr conn)
{
    (void)conn;
    call_forget_error();
    return strdup("fake-host");
}

/* --- handles of domains -------------------------------------------------- */

virDomainPtr host_handle(virConnectPtr conn, size_t number, int id)
{
    virDomainPtr domain = malloc(sizeof(*domain));

    *domain = (struct _virDomain){conn, number, id};
    host.tally.handles++;
    return domain;
}

int virDomainFree(virDomainPtr domain)
{
    call_forget_error();
    host_lock();
    host.tally.handles--;
    host_unlock();
    free(domain);
    return 0;
}

/* A name and a UUID never change: no lock. */
const char *virDomainGetName(virDomainPtr domain)
{
    call_forget_error();
    return host.machines[domain->number].name;
}

int virDomainGetUUID(virDomainPtr domain, unsigned char *uuid)
{
    call_forget_error();
    memcpy(uuid, host.machines[domain->number].uuid, VIR_UUID_BUFLEN);
    return 0;
}

unsigned virDomainGetID(virDomainPtr domain)
{
    call_forget_error();
    return (unsigned)domain->id;
}

/* False when the daemon has ended meanwhile. */
bool call_wait_for(virConnectPtr conn, size_t number)
{
    while (host.machines[number].ending && conn->generation == host.generation)
        host_wait();
    return !call_is_lost(conn);
}

bool call_wait_for_all(virConnectPtr conn)
{
    bool good = true;

    for (size_t i = 0; i < host.shape.domains && good; i++)
        good = call_wait_for(conn, i);
    return good;
}

virDomainPtr *host_list(virConnectPtr conn, int *ret_count)
{
    size_t *order = host_order();
    virDomainPtr *domains = calloc(host.shape.domains + 1, sizeof(*domains));

    *ret_count = 0;
    for (size_t i = 0; i < host.shape.domains; i++)
        if (host.machines[order[i]].id != 0)
            domains[(*ret_count)++] =
                host_handle(conn, order[i], host.machines[order[i]].id);
    free(order);
    return domains;
}

int virConnectListAllDomains(virConnectPtr conn, virDomainPtr **domains,
                             unsigned flags)
{
    int count = -1;

    (void)flags;
    if (call_begin(conn) && call_wait_for_all(conn))
        *domains = host_list(conn, &count);
    call_end();
    return count;
}

virDomainPtr virDomainLookupByUUID(virConnectPtr conn,
                                   const unsigned char *uuid)
{
    virDomainPtr domain = NULL;

    if (call_begin(conn)) {
        size_t number = host_number(uuid);
        bool known = number < host.shape.domains;
        if (known && !call_wait_for(conn, number))
            domain = NULL;
        else if (known && host.machines[number].id != 0)
            domain = host_handle(conn, number, host.machines[number].id);
        else
            call_set_error(VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
                           "Domain not found");
    }
    call_end();
    return domain;
}

/* --- one domain ---------------------------------------------------------- */

char *virDomainGetXMLDesc(virDomainPtr domain, unsigned flags)
{
    char *xml = NULL;

    (void)flags;
    if (call_begin(domain->conn) &&
        call_wait_for(domain->conn, domain->number)) {
        if (host_find(domain->number, domain->id) != NULL)
            xml = host_xml(domain->number);
        else
            call_set_error(VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
                           "Domain not found");
    }
    call_end();
    return xml;
}

char *virDomainBackupGetXMLDesc(virDomainPtr domain, unsigned flags)
{
    (void)flags;
    if (call_begin(domain->conn))
        call_set_error(VIR_ERR_NO_DOMAIN_BACKUP, VIR_FROM_QEMU,
                       "no domain backup job present");
    call_end();
    return NULL;
}

int virDomainGetBlockInfo(virDomainPtr domain, const char *disk,
                          virDomainBlockInfoPtr info, unsigned flags)
{
    (void)disk;
    (void)info;
    (void)flags;
    if (call_begin(domain->conn))
        call_set_error(VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "not supported");
    call_end();
    return -1;
}

int virDomainGetControlInfo(virDomainPtr domain, virDomainControlInfoPtr info,
                            unsigned flags)
{
    int result = -1;

    (void)flags;
    if (call_begin(domain->conn) &&
        call_wait_for(domain->conn, domain->number)) {
        const struct machine *machine = host_find(domain->number, domain->id);
        if (machine == NULL) {
            call_set_error(VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
                           "Domain not found");
        } else {
            *info = (virDomainControlInfo){.state = VIR_DOMAIN_CONTROL_OK};
            if (machine->held) {
                info->state = VIR_DOMAIN_CONTROL_OCCUPIED;
                info->stateTime =
                    (unsigned long long)((host_now() - machine->since) * 1000);
            }
            result = 0;
        }
    }
    call_end();
    return result;
}
