/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzzer's entry over the files of a folder, for compilers without a
 * fuzzing engine, and for "make check": replay FOLDER
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);

    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    if (file == NULL || data == NULL) {
        fprintf(stderr, "%s can't be read\n", path);
        free(data);
        if (file != NULL)
            fclose(file);
        return -1;
    }

    size_t size = fread(data, 1, INPUT_MAX, file);
    /* In room of just that size, so that a read behind its end shows. */
    uint8_t *exact = realloc(data, size > 0 ? size : 1);
    fclose(file);
    if (exact == NULL) {
        free(data);
        return -1;
    }
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int count, char **arguments)
{
    DIR *folder = count == 2 ? opendir(arguments[1]) : NULL;
    unsigned files = 0;

    if (folder == NULL) {
        fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        if (run_file(arguments[1], entry->d_name) != 0) {
            closedir(folder);
            return 1;
        }
        files++;
    }
    closedir(folder);
    printf("%u inputs replayed\n", files);
    /* A corpus that went missing is no success. */
    return files > 0 ? 0 : 1;
}
