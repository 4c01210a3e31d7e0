/* SPDX-License-Identifier: MIT */
#include "complain.h"

#include "text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool quiet;
static char kept[COMPLAINT_LENGTH];

void complain(const char *format, ...)
{
    char line[COMPLAINT_LENGTH];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&lock);
    if (quiet) {
        strcpy(kept, line);
    } else {
        fputs("virt-backing: ", stderr);
        text_put(stderr, line);
        putc('\n', stderr);
    }
    pthread_mutex_unlock(&lock);
}

void complain_quietly(bool quietly)
{
    pthread_mutex_lock(&lock);
    quiet = quietly;
    pthread_mutex_unlock(&lock);
}

bool complain_take(char ret_line[COMPLAINT_LENGTH])
{
    pthread_mutex_lock(&lock);
    bool any = *kept != '\0';
    if (any)
        strcpy(ret_line, kept);
    *kept = '\0';
    pthread_mutex_unlock(&lock);
    return any;
}
