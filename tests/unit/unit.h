/* SPDX-License-Identifier: MIT
 *
 * cmocka, and the headers that it wants before it.
 */
#ifndef VIRT_BACKING_TESTS_UNIT_H
#define VIRT_BACKING_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
