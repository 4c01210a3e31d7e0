/* SPDX-License-Identifier: MIT
 *
 * Sizes and times, as people write and read them: in options, messages and
 * tables.
 */
#ifndef VIRT_BACKING_UNITS_H
#define VIRT_BACKING_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define UNITS_BYTES_SIZE 24

/* "10G": a whole number of bytes, or of KiB, MiB, GiB, TiB (K, M, G, T); not
 * 0, and no more than a file can have. False where it is none. */
bool units_parse_bytes(const char *text, uint64_t *ret_bytes);

/* "0.5": digits, and a point. False where it is none. */
bool units_parse_decimal(const char *text, double *ret_number);

/* Seconds that something may take, from 0.1 to a day. False where it is none.
 */
bool units_parse_seconds(const char *text, double *ret_seconds);

/* "3.7 MiB", "12 bytes"; for columns, in five characters at the most, "3.7M",
 * "12B". */
void units_print_bytes(char ret_text[UNITS_BYTES_SIZE], uint64_t bytes);
void units_print_column(char ret_text[UNITS_BYTES_SIZE], uint64_t bytes);

#endif
