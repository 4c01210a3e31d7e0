/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include "hash.h"
#include "plain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "virt_backing 1 "
#define TRAILER "end "
#define HASH_SUFFIX 9 /* '-' and eight digits */

/* --- fields -------------------------------------------------------------- */

static bool read_number(const char *text, uint64_t *ret_number)
{
    char *end;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return false;
    *ret_number = number;
    return true;
}

static bool read_gauge(const char *text, uint64_t *ret_number)
{
    return read_number(text, ret_number) && *ret_number <= UINT32_MAX;
}

/* "12.345678" is 1234: never more than it is. */
static bool read_hundredths(char *text, uint64_t *ret_number)
{
    char *point = strchr(text, '.');
    uint64_t decimals;

    if (point == NULL || strlen(point) < 3)
        return false;
    point[0] = point[3] = '\0';
    if (!read_gauge(text, ret_number) || !read_number(point + 1, &decimals))
        return false;
    *ret_number = 100 * *ret_number + decimals;
    return *ret_number <= 10000;
}

static bool read_role(const char *text, uint64_t *ret_number)
{
    static const char *const roles[] = {"active", "backing", "mirror",
                                        "scratch"};

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(text, roles[i]) == 0) {
            *ret_number = i + 1;
            return true;
        }
    return false;
}

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* In place; a NUL may come of it. */
static bool read_text(char *text, size_t *ret_length)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        if (from[1] != 'x' || hex_value(from[2]) < 0 || hex_value(from[3]) < 0)
            return false;
        *to++ = (char)(16 * hex_value(from[2]) + hex_value(from[3]));
        from += 3;
    }
    *ret_length = (size_t)(to - text);
    return true;
}

static bool read_cell(char *text, enum column column, struct cell *ret_cell)
{
    *ret_cell = (struct cell){.kind = CELL_NONE};
    if (strcmp(text, "-") == 0)
        return true;
    switch (column) {
    case COLUMN_PERCENT:
        ret_cell->kind = CELL_GAUGE;
        return read_hundredths(text, &ret_cell->number);
    case COLUMN_INDEX:
        ret_cell->kind = CELL_GAUGE;
        return read_gauge(text, &ret_cell->number);
    case COLUMN_ROLE:
        ret_cell->kind = CELL_CHOICE;
        return read_role(text, &ret_cell->number);
    case COLUMN_FORMAT:
    case COLUMN_PATH:
        ret_cell->kind = CELL_TEXT;
        ret_cell->text = text;
        return read_text(text, &ret_cell->length);
    default:
        ret_cell->kind = CELL_BYTES;
        return read_number(text, &ret_cell->number);
    }
}

/* --- a row --------------------------------------------------------------- */

/* Never leaves half a UTF-8 character behind. */
static size_t fit(char *name, size_t length, size_t most)
{
    uint64_t hash = hash_bytes(HASH_START, name, length);

    if (length <= most)
        return length;
    length = plain_cut(name, most - HASH_SUFFIX);
    return length + (size_t)sprintf(name + length, "-%08x",
                                    (unsigned)(hash ^ hash >> 32));
}

static bool add_to_key(struct row *row, char *name, size_t most)
{
    size_t length;

    if (!read_text(name, &length) || length == 0)
        return false;
    length = fit(name, length, most);
    row->key[row->key_length++] = (unsigned char)length;
    memcpy(row->key + row->key_length, name, length);
    row->key_length += length;
    return true;
}

static bool read_row(char *line, struct row *row)
{
    char *fields[COLUMN_LAST + 1];

    for (enum column i = COLUMN_DOMAIN; i <= COLUMN_LAST; i++) {
        fields[i] = line;
        line = strchr(line, '\t');
        if ((line == NULL) != (i == COLUMN_LAST))
            return false;
        if (line != NULL)
            *line++ = '\0';
    }
    row->key_length = 0;
    for (enum column i = COLUMN_FIRST; i <= COLUMN_LAST; i++)
        if (!read_cell(fields[i], i, &row->cells[i]))
            return false;
    return add_to_key(row, fields[COLUMN_DOMAIN], DOMAIN_MAX) &&
           add_to_key(row, fields[COLUMN_DISK], DISK_MAX) &&
           add_to_key(row, fields[COLUMN_LAYER], LAYER_MAX);
}

/* --- the file ------------------------------------------------------------ */

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    size_t shorter = left->key_length < right->key_length ? left->key_length
                                                          : right->key_length;
    int order = memcmp(left->key, right->key, shorter);

    if (order != 0)
        return order;
    return (left->key_length > right->key_length) -
           (left->key_length < right->key_length);
}

/* By their index: GETNEXT goes on by its order, and ends only where that rises.
 */
static void sort(struct rows *rows)
{
    size_t kept = 0;

    if (rows->count > 0)
        qsort(rows->rows, rows->count, sizeof(struct row), compare_rows);
    for (size_t i = 0; i < rows->count; i++)
        if (kept == 0 ||
            compare_rows(&rows->rows[kept - 1], &rows->rows[i]) != 0)
            rows->rows[kept++] = rows->rows[i];
    rows->count = kept;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; (text = strchr(text, '\n')) != NULL; text++)
        lines++;
    return lines;
}

/* Cuts off the first line. NULL where there is no whole one. */
static char *next_line(char **text)
{
    char *line = *text;
    char *end = strchr(line, '\n');

    if (end == NULL)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* A domain may be called as it begins; but its line has fields. */
static bool is_trailer(const char *line)
{
    return starts_with(line, TRAILER) && strchr(line, '\t') == NULL;
}

static bool read_all(struct rows *rows, char *text)
{
    char *line = next_line(&text);
    char *end;
    uint64_t count;

    if (line == NULL || !starts_with(line, HEADER))
        return false;
    rows->valid = strtod(line + strlen(HEADER), &end);
    if (*end != '\0' || !(rows->valid > 0))
        return false;
    while ((line = next_line(&text)) != NULL && !is_trailer(line))
        if (!read_row(line, &rows->rows[rows->count++]))
            return false;
    return line != NULL && *text == '\0' &&
           read_number(line + strlen(TRAILER), &count) && count == rows->count;
}

struct rows *rows_parse(char *text)
{
    struct rows *rows = calloc(1, sizeof(*rows));
    if (rows == NULL) {
        free(text);
        return NULL;
    }

    rows->text = text;
    rows->rows = calloc(count_lines(text) + 1, sizeof(struct row));
    if (rows->rows == NULL || !read_all(rows, text)) {
        rows_free(rows);
        return NULL;
    }
    sort(rows);
    return rows;
}

void rows_free(struct rows *rows)
{
    if (rows == NULL)
        return;
    free(rows->rows);
    free(rows->text);
    free(rows);
}
