/* SPDX-License-Identifier: MIT
 *
 * How the library reports trouble: through a function that its face (the
 * collectd plugin, a command line tool) supplies.
 */
#ifndef VIRT_BACKING_LOG_H
#define VIRT_BACKING_LOG_H

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
};

struct log {
    /* `message` is one line without its end. Called from any thread. */
    void (*write)(enum log_level level, const char *message);
};

__attribute__((format(printf, 3, 4))) void
log_print(const struct log *log, enum log_level level, const char *format, ...);

#endif
