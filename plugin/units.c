/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_LEAST 0.1
#define SECONDS_MOST 86400

static const char letters[] = "KMGTPE";

/* As far as options know them. */
#define LETTERS_READ 4

bool units_parse_bytes(const char *text, uint64_t *ret_bytes)
{
    char *end;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || errno != 0 || number == 0)
        return false;
    const char *letter =
        *end == '\0' ? NULL : memchr(letters, *end, LETTERS_READ);
    unsigned shift = letter == NULL ? 0 : 10 * (unsigned)(letter - letters + 1);
    if (*end != '\0' && (letter == NULL || end[1] != '\0'))
        return false;
    if (number > (uint64_t)INT64_MAX >> shift)
        return false;
    *ret_bytes = (uint64_t)number << shift;
    return true;
}

/* strtod() knows more ways to write a number. */
bool units_parse_decimal(const char *text, double *ret_number)
{
    char *end;
    double number = strtod(text, &end);

    if (*text < '0' || *text > '9' || *end != '\0' ||
        text[strspn(text, "0123456789.")] != '\0')
        return false;
    *ret_number = number;
    return true;
}

bool units_parse_seconds(const char *text, double *ret_seconds)
{
    double seconds;

    if (!units_parse_decimal(text, &seconds) || seconds < SECONDS_LEAST ||
        seconds > SECONDS_MOST)
        return false;
    *ret_seconds = seconds;
    return true;
}

/* In the unit in which it is below `limit`, which would be rounded to 1024; at
 * least 1024 bytes. */
static double scale(uint64_t bytes, double limit, char *ret_letter)
{
    double number = (double)bytes / 1024;
    size_t unit = 0;

    for (; number >= limit; unit++)
        number /= 1024;
    *ret_letter = letters[unit];
    return number;
}

void units_print_bytes(char ret_text[UNITS_BYTES_SIZE], uint64_t bytes)
{
    char letter;

    if (bytes < 1024) {
        snprintf(ret_text, UNITS_BYTES_SIZE, "%u bytes", (unsigned)bytes);
        return;
    }
    double number = scale(bytes, 1023.95, &letter);
    snprintf(ret_text, UNITS_BYTES_SIZE, "%.1f %ciB", number, letter);
}

void units_print_column(char ret_text[UNITS_BYTES_SIZE], uint64_t bytes)
{
    char letter;

    if (bytes < 1024) {
        snprintf(ret_text, UNITS_BYTES_SIZE, "%uB", (unsigned)bytes);
        return;
    }
    double number = scale(bytes, 1023.5, &letter);
    snprintf(ret_text, UNITS_BYTES_SIZE, "%.*f%c", number < 99.95 ? 1 : 0,
             number, letter);
}
