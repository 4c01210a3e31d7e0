/* SPDX-License-Identifier: MIT
 *
 * virt-backing-snmp: the layers of all virtual disks as an SNMP table
 * (VIRT-BACKING-MIB), for an snmpd on this host. It is an AgentX subagent:
 * snmpd sends it what managers ask for under its OID. Where snmpd goes away and
 * comes back net-snmp's library connects anew; what is served comes from a file
 * that the plugin replaces in each interval, whoever of the two started first.
 */
#include "source.h"
#include "view.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/agent_callbacks.h>

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME "virt-backing-snmp"
#define DEFAULT_FILE "/run/virt_backing.state"

/* Below netSnmpPlaypen. As in VIRT-BACKING-MIB.txt. */
#define DEFAULT_BASE ".1.3.6.1.4.1.8072.9999.9999.8666"
#define OBJECTS 1 /* virtBackingObjects */

#define RECONNECT 5 /* seconds */

struct options {
    const char *file;
    const char *base;
    const char *socket; /* NULL: net-snmp's default */
};

static struct source *source;
static volatile sig_atomic_t ended;
static bool connected;

static void say(const char *line)
{
    snmp_log(LOG_INFO, NAME ": %s\n", line);
}

static double monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- requests ------------------------------------------------------------ */

static void set_value(netsnmp_variable_list *variable, const struct cell *cell)
{
    struct counter64 bytes;
    long choice = (long)cell->number;
    unsigned long gauge = cell->number;

    switch (cell->kind) {
    case CELL_BYTES:
        bytes.high = cell->number >> 32;
        bytes.low = cell->number & UINT32_MAX;
        snmp_set_var_typed_value(variable, ASN_COUNTER64, &bytes,
                                 sizeof(bytes));
        break;
    case CELL_GAUGE:
        snmp_set_var_typed_value(variable, ASN_GAUGE, &gauge, sizeof(gauge));
        break;
    case CELL_CHOICE:
        snmp_set_var_typed_value(variable, ASN_INTEGER, &choice,
                                 sizeof(choice));
        break;
    case CELL_TEXT:
        snmp_set_var_typed_value(variable, ASN_OCTET_STR, cell->text,
                                 cell->length);
        break;
    case CELL_NONE:
        break;
    }
}

static void answer_get(const struct rows *rows, size_t root_length,
                       netsnmp_agent_request_info *info,
                       netsnmp_request_info *request)
{
    netsnmp_variable_list *variable = request->requestvb;
    struct cell cell;

    if (variable->name_length >= root_length &&
        view_get(rows, variable->name + root_length,
                 variable->name_length - root_length, &cell))
        set_value(variable, &cell);
    else
        netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
}

/* Left as it is where there is none: the agent then goes on behind the table.
 */
static void answer_next(const struct rows *rows, const oid *root,
                        size_t root_length, netsnmp_request_info *request)
{
    netsnmp_variable_list *variable = request->requestvb;
    oid name[MAX_OID_LEN];
    size_t length = variable->name_length > root_length
                        ? variable->name_length - root_length
                        : 0;
    struct cell cell;

    if (!view_next(rows, variable->name + variable->name_length - length,
                   length, name + root_length, &length, &cell))
        return;
    memcpy(name, root, root_length * sizeof(oid));
    snmp_set_var_objid(variable, name, root_length + length);
    set_value(variable, &cell);
}

static int handle(netsnmp_mib_handler *handler,
                  netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *info,
                  netsnmp_request_info *requests)
{
    const struct rows *rows = source_rows(source, monotonic());

    (void)handler;
    for (; requests != NULL; requests = requests->next) {
        if (requests->processed)
            continue;
        if (info->mode == MODE_GET)
            answer_get(rows, registration->rootoid_len, info, requests);
        else if (info->mode == MODE_GETNEXT)
            answer_next(rows, registration->rootoid, registration->rootoid_len,
                        requests);
    }
    return SNMP_ERR_NOERROR;
}

/* --- the agent ----------------------------------------------------------- */

static int note_connection(int major, int minor, void *server, void *client)
{
    (void)major;
    (void)server;
    (void)client;
    connected = minor == SNMPD_CALLBACK_INDEX_START;
    return SNMPERR_SUCCESS;
}

/* No files of net-snmp are read or written: all that matters is an option. */
static void set_up_library(const struct options *options)
{
    static const int agent_flags[] = {
        NETSNMP_DS_AGENT_ROLE,
        /* They come in each attempt to connect. */
        NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS,
    };
    static const int library_flags[] = {
        NETSNMP_DS_LIB_DONT_READ_CONFIGS,
        NETSNMP_DS_LIB_DONT_PERSIST_STATE,
    };

    for (size_t i = 0; i < sizeof(agent_flags) / sizeof(int); i++)
        netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, agent_flags[i], 1);
    for (size_t i = 0; i < sizeof(library_flags) / sizeof(int); i++)
        netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, library_flags[i], 1);
    if (options->socket != NULL)
        netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID,
                              NETSNMP_DS_AGENT_X_SOCKET, options->socket);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION,
                           SNMPD_CALLBACK_INDEX_START, note_connection, NULL);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP,
                           note_connection, NULL);
}

/* False where the base is no OID, or leaves no room for an index. */
static bool read_base(const char *text, oid root[MAX_OID_LEN],
                      size_t *ret_length)
{
    *ret_length = MAX_OID_LEN;
    if (!read_objid(text, root, ret_length) || *ret_length < 2 ||
        *ret_length + 1 + SUFFIX_MAX > MAX_OID_LEN)
        return false;
    root[(*ret_length)++] = OBJECTS;
    return true;
}

static bool start(const struct options *options)
{
    oid root[MAX_OID_LEN];
    size_t length;

    /* net-snmp's MIB files are for those who read names. */
    setenv("MIBS", "", 1);
    set_up_library(options);
    if (init_agent(NAME) != 0)
        return false;
    /* init_agent() has set a default of its own. */
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID,
                       NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, RECONNECT);
    if (!read_base(options->base, root, &length)) {
        fprintf(stderr, NAME ": %s is no OID, or too long a one\n",
                options->base);
        return false;
    }
    if (netsnmp_register_handler(netsnmp_create_handler_registration(
            "virtBackingObjects", handle, root, length, HANDLER_CAN_RONLY)) !=
        MIB_REGISTERED_OK)
        return false;
    init_snmp(NAME);
    if (!connected)
        say("waiting for snmpd's AgentX socket");
    return true;
}

static void end(int number)
{
    (void)number;
    ended = 1;
}

static void serve(void)
{
    const struct sigaction on_end = {.sa_handler = end};

    sigaction(SIGTERM, &on_end, NULL);
    sigaction(SIGINT, &on_end, NULL);
    signal(SIGPIPE, SIG_IGN);
    source_rows(source, monotonic());
    /* It returns no later than for the next ping. */
    while (!ended)
        agent_check_and_process(1);
}

/* --- the command line ---------------------------------------------------- */

static const char usage[] =
    "usage: " NAME " [-s FILE] [-o OID] [-x SOCKET]\n"
    "  -s, --state-file  StateFile of the plugin [" DEFAULT_FILE "]\n"
    "  -o, --oid         OID of virtBackingMIB [" DEFAULT_BASE "]\n"
    "  -x, --socket      AgentX socket of snmpd, as in snmpd.conf "
    "[net-snmp's]\n"
    "  -h, --help\n"
    "  -V, --version\n";

/* -1: go on; else the status to end with. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"state-file", required_argument, NULL, 's'},
        {"oid", required_argument, NULL, 'o'},
        {"socket", required_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "s:o:x:hV", names, NULL)) != -1)
        switch (option) {
        case 's':
            options->file = optarg;
            break;
        case 'o':
            options->base = optarg;
            break;
        case 'x':
            options->socket = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        case 'V':
            puts(NAME " " TOOL_VERSION);
            return EXIT_SUCCESS;
        default:
            fputs(usage, stderr);
            return 2;
        }
    if (optind == argc)
        return -1;
    fputs(usage, stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct options options = {.file = DEFAULT_FILE, .base = DEFAULT_BASE};
    int status = read_options(argc, argv, &options);

    if (status >= 0)
        return status;
    snmp_enable_stderrlog();
    source = source_new(options.file, say);
    if (source == NULL || !start(&options)) {
        source_free(source);
        return EXIT_FAILURE;
    }
    serve();
    snmp_shutdown(NAME);
    shutdown_agent();
    source_free(source);
    return EXIT_SUCCESS;
}
