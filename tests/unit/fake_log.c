/* SPDX-License-Identifier: MIT */
#include "fake_log.h"

#include <stdio.h>

#define LEVELS 3

static size_t counts[LEVELS];
static char last[2048];

static void remember(enum log_level level, const char *message)
{
    counts[level]++;
    snprintf(last, sizeof(last), "%s", message);
}

const struct log fake_log = {remember};

void fake_log_reset(void)
{
    for (size_t i = 0; i < LEVELS; i++)
        counts[i] = 0;
    last[0] = '\0';
}

size_t fake_log_count(void)
{
    size_t sum = 0;

    for (size_t i = 0; i < LEVELS; i++)
        sum += counts[i];
    return sum;
}

size_t fake_log_count_of(enum log_level level)
{
    return counts[level];
}

const char *fake_log_last(void)
{
    return last;
}
