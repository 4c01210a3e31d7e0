/* SPDX-License-Identifier: MIT
 *
 * The options of a user as plain data: names, defaults and checks. Where the
 * options come from (collectd's configuration, a command line) is not known
 * here. Names, meanings and defaults are those of collectd's virt plugin
 * wherever it has the option.
 */
#ifndef VIRT_BACKING_SETTINGS_H
#define VIRT_BACKING_SETTINGS_H

#include "select.h"
#include "sizes.h"

#include <stdbool.h>
#include <stddef.h>

enum name_field {
    NAME_FIELD_NAME,
    NAME_FIELD_UUID,
    NAME_FIELD_HOSTNAME,
    NAME_FIELD_METADATA,
    NAME_FIELD_DISK,
};

#define NAME_FIELDS_MAX 4

struct name_format {
    enum name_field fields[NAME_FIELDS_MAX];
    size_t count;
};

enum layer_format {
    LAYER_FORMAT_DEPTH,
    LAYER_FORMAT_INDEX,
};

enum local_images {
    LOCAL_IMAGES_AUTO, /* look at images when the connection is local */
    LOCAL_IMAGES_TRUE,
    LOCAL_IMAGES_FALSE,
};

/* There are never more than three calls to libvirt outstanding, and one of them
 * is to find out why the others hang (asker.h). */
#define READERS_MAX 2

struct settings {
    char *connection;           /* URI; NULL: libvirt's default */
    unsigned refresh_interval;  /* seconds, as the next */
    unsigned inactive_interval; /* between readings of what seldom changes */
    double timeout;             /* seconds; 0: it depends on the interval */
    unsigned readers;           /* calls side by side, at most READERS_MAX */
    struct select select;
    bool inactive_domains; /* report those that do not run, too */
    bool volumes;          /* report those of the pools that are selected */
    struct name_format host_format;
    struct name_format instance_format;
    char *metadata_ns;
    char *metadata_xpath;
    enum layer_format layer_format;
    enum local_images local_images;
    bool notifications;         /* send notifications of events */
    bool block_jobs;            /* ask for block jobs */
    struct watermark watermark; /* to be told of; neither: none */
    bool watermark_replace;     /* also where somebody else set a threshold */
    char *state_file;           /* path; NULL: none is written */
};

/* Defaults. NULL when memory is short. */
struct settings *settings_new(void);

/* Takes NULL. */
void settings_free(struct settings *settings);

/* Sets one option. On failure false, and a message that names the option, the
 * value and what is allowed; the settings are as before. */
bool settings_set(struct settings *settings, const char *option,
                  const char *value, char *ret_error, size_t size);

/* What can only be said when all options are known. As above. */
bool settings_check(const struct settings *settings, char *ret_error,
                    size_t size);

/* Thresholds are to be set, which wants a connection that may write. */
bool settings_arm(const struct settings *settings);

/* The name of option number i, NULL after the last. */
const char *settings_option(size_t i);

#endif
