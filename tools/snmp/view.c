/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <string.h>

static const subid scalar[] = {1, 0};
static const subid entry[] = {2, 1};

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

/* As strcmp(), in the order of OIDs. */
static int compare(const subid *a, size_t a_length, const subid *b,
                   size_t b_length)
{
    for (size_t i = 0; i < a_length && i < b_length; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return (a_length > b_length) - (a_length < b_length);
}

static int compare_key(const struct row *row, const subid *index, size_t length)
{
    for (size_t i = 0; i < row->key_length && i < length; i++)
        if (row->key[i] != index[i])
            return row->key[i] < index[i] ? -1 : 1;
    return (row->key_length > length) - (row->key_length < length);
}

/* The first row that is behind that index, or at it. */
static size_t find(const struct rows *rows, const subid *index, size_t length)
{
    size_t low = 0, high = rows->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_key(&rows->rows[middle], index, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct cell count_cell(const struct rows *rows)
{
    return (struct cell){.kind = CELL_GAUGE, .number = rows->count};
}

static bool is_in_table(const subid *suffix, size_t length)
{
    return length >= LENGTH_OF(entry) &&
           compare(suffix, LENGTH_OF(entry), entry, LENGTH_OF(entry)) == 0;
}

bool view_get(const struct rows *rows, const subid *suffix, size_t length,
              struct cell *ret_cell)
{
    if (rows == NULL)
        return false;
    if (compare(suffix, length, scalar, LENGTH_OF(scalar)) == 0) {
        *ret_cell = count_cell(rows);
        return true;
    }
    if (!is_in_table(suffix, length) || length < 4 ||
        suffix[2] < COLUMN_FIRST || suffix[2] > COLUMN_LAST)
        return false;

    size_t position = find(rows, suffix + 3, length - 3);
    if (position == rows->count ||
        compare_key(&rows->rows[position], suffix + 3, length - 3) != 0)
        return false;
    *ret_cell = rows->rows[position].cells[suffix[2]];
    return ret_cell->kind != CELL_NONE;
}

static void name_cell(const struct row *row, subid column,
                      subid ret_suffix[SUFFIX_MAX], size_t *ret_length)
{
    memcpy(ret_suffix, entry, sizeof(entry));
    ret_suffix[2] = column;
    for (size_t i = 0; i < row->key_length; i++)
        ret_suffix[3 + i] = row->key[i];
    *ret_length = 3 + row->key_length;
}

/* Where to look on in the table: at which column and row. */
static subid find_start(const struct rows *rows, const subid *suffix,
                        size_t length, size_t *ret_position)
{
    *ret_position = 0;
    if (compare(suffix, length, entry, LENGTH_OF(entry)) <= 0)
        return COLUMN_FIRST;
    if (!is_in_table(suffix, length))
        return COLUMN_LAST + 1;
    if (suffix[2] < COLUMN_FIRST)
        return COLUMN_FIRST;
    if (suffix[2] > COLUMN_LAST)
        return COLUMN_LAST + 1;
    *ret_position = find(rows, suffix + 3, length - 3);
    if (*ret_position < rows->count &&
        compare_key(&rows->rows[*ret_position], suffix + 3, length - 3) == 0)
        ++*ret_position;
    return suffix[2];
}

bool view_next(const struct rows *rows, const subid *suffix, size_t length,
               subid ret_suffix[SUFFIX_MAX], size_t *ret_length,
               struct cell *ret_cell)
{
    size_t position;

    if (rows == NULL)
        return false;
    if (compare(suffix, length, scalar, LENGTH_OF(scalar)) < 0) {
        memcpy(ret_suffix, scalar, sizeof(scalar));
        *ret_length = LENGTH_OF(scalar);
        *ret_cell = count_cell(rows);
        return true;
    }
    for (subid column = find_start(rows, suffix, length, &position);
         column <= COLUMN_LAST; column++, position = 0)
        for (; position < rows->count; position++)
            if (rows->rows[position].cells[column].kind != CELL_NONE) {
                *ret_cell = rows->rows[position].cells[column];
                name_cell(&rows->rows[position], column, ret_suffix,
                          ret_length);
                return true;
            }
    return false;
}
