/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX (256 << 20)
#define LINE_SIZE 512

struct source {
    const char *path;
    void (*say)(const char *line);
    const char *trouble; /* that was told; NULL: none */
    bool told;           /* anything */
    struct stat seen;    /* of the file that `rows` are of */
    struct rows *rows;   /* NULL: it was no good */
    bool good;           /* they held when the burst began */
    double begun;        /* when a burst of requests began ... */
    double asked;        /* ... and when the last one came */
};

struct source *source_new(const char *path, void (*say)(const char *line))
{
    struct source *source = calloc(1, sizeof(*source));

    if (source != NULL)
        *source = (struct source){.path = path, .say = say};
    return source;
}

void source_free(struct source *source)
{
    if (source == NULL)
        return;
    rows_free(source->rows);
    free(source);
}

/* `trouble` is a constant, or NULL. */
static void tell(struct source *source, const char *trouble)
{
    char line[LINE_SIZE];

    if (source->told && trouble == source->trouble)
        return;
    source->told = true;
    source->trouble = trouble;
    snprintf(line, sizeof(line), "%s %s", source->path,
             trouble != NULL ? trouble : "is being served");
    source->say(line);
}

static double age_of(const struct stat *stat)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double)(now.tv_sec - stat->st_mtim.tv_sec) +
           (double)(now.tv_nsec - stat->st_mtim.tv_nsec) / 1e9;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* With a NUL behind its end; NULL where it can't be had as a whole. */
static char *read_text(int file, size_t size)
{
    char *text = malloc(size + 1);
    size_t length = 0;
    ssize_t got = 1;

    while (text != NULL && length < size && got > 0) {
        got = read(file, text + length, size - length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (text == NULL || length < size) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

/* The plugin replaces the file: what was opened stays as it is. */
static void load(struct source *source)
{
    int file = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;

    rows_free(source->rows);
    source->rows = NULL;
    if (file < 0)
        return;
    if (fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) &&
        stat.st_size < FILE_MAX) {
        char *text = read_text(file, (size_t)stat.st_size);
        source->seen = stat;
        if (text != NULL)
            source->rows = rows_parse(text);
    }
    close(file);
}

/* Not that of a clock that was set back, nor of a plugin that hangs. */
static bool holds(const struct source *source)
{
    double age = age_of(&source->seen);

    return age < source->rows->valid && age > -source->rows->valid;
}

/* What is wrong with the file; NULL: nothing. */
static const char *refresh(struct source *source)
{
    struct stat now;

    if (stat(source->path, &now) != 0)
        return errno == EACCES ? "may not be read" : "is not there";
    if (!is_same(&now, &source->seen))
        load(source);
    if (source->rows == NULL)
        return "can't be read, or is no file of the plugin's";
    return holds(source) ? NULL : "is out of date";
}

const struct rows *source_rows(struct source *source, double now)
{
    bool burst = source->good && now - source->asked < BURST_GAP &&
                 now - source->begun < BURST_MOST;

    source->asked = now;
    if (burst)
        return source->rows;
    source->begun = now;
    const char *trouble = refresh(source);
    tell(source, trouble);
    source->good = trouble == NULL;
    return source->good ? source->rows : NULL;
}
