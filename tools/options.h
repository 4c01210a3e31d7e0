/* SPDX-License-Identifier: MIT
 *
 * The command line: one command, its arguments and its options.
 */
#ifndef VIRT_BACKING_OPTIONS_H
#define VIRT_BACKING_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
    COMMAND_LIST,
    COMMAND_XML,
    COMMAND_VOL_XML,
    COMMAND_EXPLAIN,
    COMMAND_CHECK,
};

/* Exit statuses of all commands but check, which has those of a plugin of
 * Nagios. */
#define EXIT_TROUBLE 1
#define EXIT_USAGE 2

/* Where a check alarms: below so many bytes of headroom, or above that
 * percentage. */
struct limit {
    uint64_t bytes; /* 0: not by bytes */
    double percent; /* 0: not by percent */
};

struct options {
    enum command command;
    char **arguments;
    size_t argument_count;
    const char *connection; /* NULL: libvirt's default */
    double timeout;         /* seconds */
    bool inactive;
    bool volumes;
    bool bytes;
    bool json;
    double watch; /* seconds between two looks; 0: one look */
    int trouble;  /* exit status when the command can't be done */
    struct limit warning;
    struct limit critical;
};

/* Reads the command line. On a mistake it says so on stderr and ends the
 * program, as it does after --help and --version. */
void options_read(struct options *ret_options, int count, char **words);

/* Whether the command takes any number of domains, and expressions for them;
 * else its arguments are names. */
bool options_take_many(const struct options *options);

#endif
