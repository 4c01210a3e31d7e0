/* SPDX-License-Identifier: MIT
 *
 * Tests that are pairs of files: tests/data/MODULE/NAME.ENDING is what a
 * function is given, tests/data/MODULE/NAME.expect the text that it must make
 * of it. A new test is two new files.
 *
 * Lines of an expectation that begin with '#' are comments. A file without its
 * other half, or a folder without cases, is a failure.
 */
#ifndef VIRT_BACKING_TESTS_CASES_H
#define VIRT_BACKING_TESTS_CASES_H

#include "unit.h"

/* Makes of the input the output, which the caller frees. It may write to the
 * input. */
typedef char *(*case_function)(char *input);

/* Runs `tests` (`count` of them, none is all right) and the cases of the
 * module as one group. Zero when all passed, as main() returns it. */
int cases_run(const char *module, const char *ending, case_function function,
              const struct CMUnitTest *tests, size_t count);

/* The next line of *text without its end, or NULL after the last; *text moves
 * on. Comments ('#') and empty lines are passed over. */
char *cases_next_line(char **text);

/* The text of a file below a folder that the environment variable names, to
 * be freed. The test fails where it can't be read. */
char *cases_read_file(const char *variable, const char *path);

#endif
