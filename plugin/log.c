/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "plain.h"

#include <stdarg.h>
#include <stdio.h>

void log_print(const struct log *log, enum log_level level, const char *format,
               ...)
{
    char message[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    plain_clean(message);
    log->write(level, message);
}
