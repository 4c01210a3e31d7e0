/* SPDX-License-Identifier: MIT
 *
 * Words and columns, as the commands for people share them.
 */
#ifndef VIRT_BACKING_TEXT_H
#define VIRT_BACKING_TEXT_H

#include "chain.h"
#include "units.h"

#include <stdbool.h>
#include <stdio.h>

#define TEXT_SIZE_LENGTH UNITS_BYTES_SIZE
#define TEXT_LAYER_LENGTH 24

/* "1.9G", with `exact` "2040109465"; "?" where it is not known. */
void text_size(char ret_text[TEXT_SIZE_LENGTH], uint64_t bytes, bool exact);

/* The same of one that a layer may not have at all: "-" then. */
void text_size_of(char ret_text[TEXT_SIZE_LENGTH], uint64_t bytes, bool exact,
                  bool has);

/* "layer0", "mirror", "scratch": as in the names of series. */
void text_layer(char ret_text[TEXT_LAYER_LENGTH], const struct layer *layer);

/* "file", "block" and so on; NULL where it is not known. */
const char *text_storage(enum storage storage);

/* Where the image lies, as far as is known: its path, "POOL/VOLUME", its
 * server; NULL. Good until the next call. */
const char *text_source(const struct layer *layer);

/* Why a domain has no sizes: for people, and as a word for programs. */
const char *text_trouble(const struct domain *domain);
const char *text_reason(const struct domain *domain);

/* Whether it is UTF-8 (RFC 3629), with no U+FFFE and U+FFFF, which XML has not:
 * names of files are any bytes. */
bool text_is_utf8(const char *text);

/* Writes a text that may hold anything but NUL: control characters, which might
 * be commands to a terminal, as '?'. */
void text_put(FILE *out, const char *text);

/* The same of its end, which of a path tells most: "..." and as many characters
 * as make `width`, at least 3, in all; the whole text where it is no longer. A
 * character is taken for one column. */
void text_put_end(FILE *out, const char *text, int width);

/* How wide a line is, colours (escape sequences that end with 'm') not counted.
 */
size_t text_columns(const char *line, size_t length);

/* Writes what of a line is seen in `width` columns from column `from` on, and
 * all its colours. */
void text_put_columns(FILE *out, const char *line, size_t length, size_t from,
                      size_t width);

/* How near a layer is to ENOSPC. */
enum danger {
    DANGER_NONE,
    DANGER_NEAR, /* less than a tenth of its capacity is left ... */
    DANGER_FULL, /* ... or less than a fiftieth, and it can grow by more */
};

enum danger text_danger(const struct layer *layer);

#endif
