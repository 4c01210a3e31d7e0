/* SPDX-License-Identifier: MIT
 *
 * The command line tool: the other face of the library, beside the plugin.
 * Read from the end.
 */
#include "check.h"
#include "complain.h"
#include "explain.h"
#include "host.h"
#include "json.h"
#include "list.h"
#include "options.h"
#include "screen.h"
#include "xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether each domain that was named is there; a line for each that is not. */
static bool are_there(const struct inventory *inventory,
                      const struct options *options)
{
    bool good = true;

    for (size_t i = 0; i < options->argument_count; i++) {
        const char *name = options->arguments[i];
        if (*name == '/' || host_find_domain(inventory, name) != NULL)
            continue;
        complain("no domain \"%s\"%s", name,
                 options->inactive ? "" : " runs; --inactive shows others");
        good = false;
    }
    return good;
}

static int run_list(struct host *host, const struct options *options)
{
    struct list_form form;
    const struct inventory *inventory;

    if (options->watch > 0 && options->argument_count == 0)
        return screen_watch(host, options) ? EXIT_SUCCESS : EXIT_TROUBLE;
    list_form_of_terminal(&form, options->bytes);
    inventory = host_read(host, true);
    if (inventory == NULL)
        return EXIT_TROUBLE;
    bool good = are_there(inventory, options);
    if (options->watch > 0)
        return good && screen_watch(host, options) ? EXIT_SUCCESS
                                                   : EXIT_TROUBLE;
    if (!options->json)
        list_print(stdout, inventory, &form);
    else if (!json_print(stdout, inventory, host_is_whole(host, inventory)))
        good = false;
    return good ? EXIT_SUCCESS : EXIT_TROUBLE;
}

static int run(struct host *host, const struct options *options)
{
    switch (options->command) {
    case COMMAND_LIST:
        return run_list(host, options);
    case COMMAND_EXPLAIN:
        return explain_print(stdout, host, options) ? EXIT_SUCCESS
                                                    : EXIT_TROUBLE;
    case COMMAND_CHECK:
        return (int)check_print(stdout, host, options);
    case COMMAND_XML:
        return xml_print_domain(stdout, host, options->arguments[0])
                   ? EXIT_SUCCESS
                   : EXIT_TROUBLE;
    case COMMAND_VOL_XML:
        return xml_print_volume(stdout, host, options->arguments[0],
                                options->arguments[1])
                   ? EXIT_SUCCESS
                   : EXIT_TROUBLE;
    }
    return EXIT_TROUBLE;
}

/* Those that the command names: its first argument, or all. */
static size_t count_domains(const struct options *options)
{
    switch (options->command) {
    case COMMAND_LIST:
    case COMMAND_CHECK:
        return options->argument_count;
    case COMMAND_XML:
    case COMMAND_EXPLAIN:
        return 1;
    case COMMAND_VOL_XML:
        break;
    }
    return 0;
}

int main(int count, char **words)
{
    struct options options;

    options_read(&options, count, words);
    struct host *host =
        host_open(&options, options.arguments, count_domains(&options));
    if (host == NULL)
        return options.trouble;
    int status = run(host, &options);
    host_close(host);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("standard output can't be written: %s", strerror(errno));
    return options.trouble;
}
