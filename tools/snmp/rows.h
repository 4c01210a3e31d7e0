/* SPDX-License-Identifier: MIT
 *
 * The rows of virtBackingLayerTable (VIRT-BACKING-MIB), read from the file that
 * the plugin writes (plugin/statefile.h). They never change: a new file makes
 * new rows.
 */
#ifndef VIRT_BACKING_SNMP_ROWS_H
#define VIRT_BACKING_SNMP_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* The columns have the numbers of the MIB; so have the fields of a line. The
 * first three are the index. */
enum column {
    COLUMN_DOMAIN = 1,
    COLUMN_DISK,
    COLUMN_LAYER,
    COLUMN_CAPACITY,
    COLUMN_ALLOCATION,
    COLUMN_PHYSICAL,
    COLUMN_HEADROOM,
    COLUMN_PERCENT,
    COLUMN_INDEX,
    COLUMN_ROLE,
    COLUMN_FORMAT,
    COLUMN_PATH,
};

#define COLUMN_FIRST COLUMN_CAPACITY /* that can be read */
#define COLUMN_LAST COLUMN_PATH

/* An OID has no more than 128 numbers: what is longer of a name is cut, and
 * ends in a hash of the whole. */
#define DOMAIN_MAX 64
#define DISK_MAX 24
#define LAYER_MAX 16
#define KEY_MAX (1 + DOMAIN_MAX + 1 + DISK_MAX + 1 + LAYER_MAX)

enum cell_kind {
    CELL_NONE, /* not known: there is no such instance */
    CELL_BYTES,
    CELL_GAUGE,
    CELL_CHOICE,
    CELL_TEXT,
};

struct cell {
    enum cell_kind kind;
    uint64_t number;
    const char *text; /* of the rows */
    size_t length;
};

struct row {
    /* The index as it stands in an OID, a number a byte: each name after its
     * length. */
    unsigned char key[KEY_MAX];
    size_t key_length;
    struct cell cells[COLUMN_LAST + 1]; /* by column */
};

struct rows {
    double valid;     /* seconds for which they hold, from the file's time on */
    struct row *rows; /* in the order of their keys, no two of the same */
    size_t count;
    char *text; /* of the file; the cells point into it */
};

/* Takes over `text`, which malloc() has given, with a NUL behind its end. NULL
 * when it is not such a file, or not a whole one, or when memory is short. */
struct rows *rows_parse(char *text);

/* Takes NULL. */
void rows_free(struct rows *rows);

#endif
