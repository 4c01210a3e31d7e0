/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "build-config.h"
#include "select.h"
#include "units.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT 5
#define WATCH_DEFAULT 2

static const char help[] =
    "Usage: virt-backing [list] [OPTION...] [DOMAIN...]\n"
    "       virt-backing xml [OPTION...] DOMAIN\n"
    "       virt-backing vol-xml [OPTION...] POOL VOLUME\n"
    "       virt-backing explain [OPTION...] DOMAIN DISK [LAYER]\n"
    "       virt-backing check [OPTION...] --warning LIMIT --critical LIMIT "
    "[DOMAIN...]\n"
    "\n"
    "Show how large every image of the disks of libvirt's domains is, with "
    "all\n"
    "backing images: capacity, allocation, physical, and what room is left.\n"
    "\n"
    "  list      a table, or JSON\n"
    "  xml       the domain's XML, with all that in each <disk> and "
    "<backingStore>\n"
    "  vol-xml   the same of a storage volume, with its whole chain\n"
    "  explain   the raw figures, and the rule that made each result\n"
    "  check     a check for Nagios: exit status 0 to 3, performance data\n"
    "\n"
    "  -c, --connect URI      of libvirt; default: libvirt's own\n"
    "      --inactive         domains that do not run, too\n"
    "      --volumes          storage pools and their volumes, too\n"
    "  -b, --bytes            exact sizes\n"
    "  -j, --json             one JSON document\n"
    "  -w, --watch [SECONDS]  again and again, on a terminal; default: 2\n"
    "      --warning LIMIT    below so many bytes of headroom (2G), or\n"
    "      --critical LIMIT   above so many percent (90%)\n"
    "  -t, --timeout SECONDS  how long to wait for libvirt; default: 5\n"
    "  -h, --help\n"
    "  -V, --version\n"
    "\n"
    "Nothing is ever changed: the connection is read-only.\n";

/* Of a mistake in the command line; a check's own is Nagios's "unknown". */
static int usage_status = EXIT_USAGE;

__attribute__((format(printf, 1, 2), noreturn)) static void
refuse(const char *format, ...)
{
    va_list arguments;

    fputs("virt-backing: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("; see virt-backing --help\n", stderr);
    exit(usage_status);
}

static double read_seconds(const char *name, const char *value)
{
    double seconds;

    if (!units_parse_seconds(value, &seconds))
        refuse("option --%s: \"%s\" is not allowed; allowed are seconds from "
               "0.1 to 86400",
               name, value);
    return seconds;
}

/* "90%" */
static bool parse_percent(const char *value, double *ret_percent)
{
    char number[16];
    size_t length = strlen(value);

    if (length < 2 || length > sizeof(number) || value[length - 1] != '%')
        return false;
    memcpy(number, value, length - 1);
    number[length - 1] = '\0';
    return units_parse_decimal(number, ret_percent) && *ret_percent > 0 &&
           *ret_percent <= 100;
}

/* "2G", "1048576", "90%" */
static struct limit read_limit(const char *name, const char *value)
{
    struct limit limit = {0};

    if (!parse_percent(value, &limit.percent) &&
        !units_parse_bytes(value, &limit.bytes))
        refuse("option --%s: \"%s\" is not allowed; allowed are whole bytes, "
               "also with K, M, G or T, such as 2G, or percent, such as 90%%",
               name, value);
    return limit;
}

enum { OPTION_INACTIVE = 256, OPTION_VOLUMES, OPTION_WARNING, OPTION_CRITICAL };

#define SHORT_OPTIONS "c:bjw::t:hV"

static const struct option long_options[] = {
    {"connect", required_argument, NULL, 'c'},
    {"inactive", no_argument, NULL, OPTION_INACTIVE},
    {"volumes", no_argument, NULL, OPTION_VOLUMES},
    {"bytes", no_argument, NULL, 'b'},
    {"json", no_argument, NULL, 'j'},
    {"watch", optional_argument, NULL, 'w'},
    {"warning", required_argument, NULL, OPTION_WARNING},
    {"critical", required_argument, NULL, OPTION_CRITICAL},
    {"timeout", required_argument, NULL, 't'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

__attribute__((noreturn)) static void finish(const char *text)
{
    fputs(text, stdout);
    exit(fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_TROUBLE);
}

static void take_option(struct options *options, int option)
{
    switch (option) {
    case 'c':
        if (*optarg == '\0')
            refuse(
                "option --connect: \"\" is not allowed; allowed is a libvirt "
                "URI, such as qemu:///system");
        options->connection = optarg;
        break;
    case OPTION_INACTIVE:
        options->inactive = true;
        break;
    case OPTION_VOLUMES:
        options->volumes = true;
        break;
    case 'b':
        options->bytes = true;
        break;
    case 'j':
        options->json = true;
        break;
    case 'w':
        options->watch =
            optarg == NULL ? WATCH_DEFAULT : read_seconds("watch", optarg);
        break;
    case OPTION_WARNING:
        options->warning = read_limit("warning", optarg);
        break;
    case OPTION_CRITICAL:
        options->critical = read_limit("critical", optarg);
        break;
    case 't':
        options->timeout = read_seconds("timeout", optarg);
        break;
    case 'h':
        finish(help);
    case 'V':
        finish("virt-backing " PACKAGE_VERSION "\n");
    default: /* getopt has said what is wrong */
        fputs("See virt-backing --help\n", stderr);
        exit(usage_status);
    }
}

static const struct {
    const char *name;
    size_t least, most; /* arguments */
} commands[] = {
    [COMMAND_LIST] = {"list", 0, SIZE_MAX},
    [COMMAND_XML] = {"xml", 1, 1},
    [COMMAND_VOL_XML] = {"vol-xml", 2, 2},
    [COMMAND_EXPLAIN] = {"explain", 2, 3},
    [COMMAND_CHECK] = {"check", 0, SIZE_MAX},
};

/* The first word is a command where it is the name of one: a domain of that
 * name wants "list" before it. */
static void take_command(struct options *options)
{
    for (size_t i = 0; options->argument_count > 0 &&
                       i < sizeof(commands) / sizeof(*commands);
         i++)
        if (strcmp(options->arguments[0], commands[i].name) == 0) {
            options->command = (enum command)i;
            options->arguments++;
            options->argument_count--;
            break;
        }
    size_t count = options->argument_count;
    if (count < commands[options->command].least ||
        count > commands[options->command].most)
        refuse("%s: %s arguments", commands[options->command].name,
               count < commands[options->command].least ? "too few"
                                                        : "too many");
}

bool options_take_many(const struct options *options)
{
    return commands[options->command].most == SIZE_MAX;
}

static void check_domains(const struct options *options)
{
    struct select select = {.ignore = false};
    char reason[128];

    for (size_t i = 0; i < options->argument_count; i++) {
        const char *name = options->arguments[i];
        if (*name == '\0' ||
            !select_add(&select.domains, name, reason, sizeof(reason)))
            refuse("domain \"%s\" is not allowed: %s", name,
                   *name == '\0' ? "no name is empty" : reason);
    }
    select_clear(&select);
}

static bool is_set(const struct limit *limit)
{
    return limit->bytes > 0 || limit->percent > 0;
}

/* What would be passed over without a word. */
static void check_options(const struct options *options)
{
    bool list = options->command == COMMAND_LIST;
    bool check = options->command == COMMAND_CHECK;
    bool limits = is_set(&options->warning) || is_set(&options->critical);

    if (!list && (options->json || options->watch > 0 || options->volumes))
        refuse("--json, --watch and --volumes are for list");
    if (options->json && options->watch > 0)
        refuse("--json and --watch do not go together");
    if (!list && options->bytes)
        refuse("--bytes is for list");
    if (!list && options->inactive)
        refuse("--inactive is for list");
    if (!check && limits)
        refuse("--warning and --critical are for check");
    if (check && !limits)
        refuse("check: --warning or --critical is missing");
    if (options->critical.bytes > options->warning.bytes &&
        options->warning.bytes > 0)
        refuse("check: --critical is met before --warning");
    if (options->critical.percent < options->warning.percent &&
        options->critical.percent > 0)
        refuse("check: --critical is met before --warning");
    if (options_take_many(options))
        check_domains(options);
}

/* getopt knows of no word behind an option that may have none. */
static bool is_number(const char *word)
{
    char *end;

    if (word == NULL || *word < '0' || *word > '9')
        return false;
    strtod(word, &end);
    return *end == '\0';
}

/* As getopt_long(), but that a number behind --watch belongs to it. */
static int next_option(int count, char **words, const char *letters)
{
    int option = getopt_long(count, words, letters, long_options, NULL);

    if (option == 'w' && optarg == NULL && is_number(words[optind]))
        optarg = words[optind++];
    return option;
}

/* The first word that is no option; NULL: there is none. With '-' before the
 * letters getopt tells of such words, as of option 1. Mistakes are told when
 * the options are taken. */
static const char *first_word(int count, char **words)
{
    const char *first = NULL;
    int option = 0;

    opterr = 0;
    while (first == NULL && option != -1) {
        option = next_option(count, words, "-" SHORT_OPTIONS);
        if (option == 1)
            first = optarg;
    }
    if (first == NULL)
        first = words[optind];
    optind = 0; /* from the beginning */
    opterr = 1;
    return first;
}

void options_read(struct options *ret_options, int count, char **words)
{
    const char *first = first_word(count, words);
    int option;

    *ret_options =
        (struct options){.timeout = TIMEOUT_DEFAULT, .trouble = EXIT_TROUBLE};
    if (first != NULL && strcmp(first, commands[COMMAND_CHECK].name) == 0)
        usage_status = ret_options->trouble = 3;
    while ((option = next_option(count, words, SHORT_OPTIONS)) != -1)
        take_option(ret_options, option);
    ret_options->arguments = words + optind;
    ret_options->argument_count = (size_t)(count - optind);
    take_command(ret_options);
    check_options(ret_options);
}
