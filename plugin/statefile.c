/* SPDX-License-Identifier: MIT */
#include "statefile.h"

#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct statefile {
    const char *path;
    char *draft; /* beside it, until it is complete */
    enum layer_format format;
    double valid;
    const struct log *log;
    bool failed; /* and the log was told */
    bool written;
    struct stat mine; /* what was written last ... */
    bool shared;      /* ... in the place of what somebody else had written */
};

/* Whether somebody else has written the file that is there. A number of an
 * inode may be given anew; its time is another one then. */
static bool is_of_another(const struct statefile *file)
{
    const struct stat *mine = &file->mine;
    struct stat there;

    if (lstat(file->path, &there) != 0)
        return false;
    return !file->written || there.st_dev != mine->st_dev ||
           there.st_ino != mine->st_ino ||
           there.st_mtim.tv_sec != mine->st_mtim.tv_sec ||
           there.st_mtim.tv_nsec != mine->st_mtim.tv_nsec;
}

struct statefile *statefile_new(const char *path, enum layer_format format,
                                double valid, const struct log *log)
{
    struct statefile *file = calloc(1, sizeof(*file));
    if (file == NULL)
        return NULL;

    *file = (struct statefile){
        .path = path, .format = format, .valid = valid, .log = log};
    if (asprintf(&file->draft, "%s.new", path) < 0) {
        free(file);
        return NULL;
    }
    return file;
}

static void remove_mine(struct statefile *file)
{
    if (!file->written || file->shared || is_of_another(file))
        return;
    unlink(file->path);
    file->written = false;
}

void statefile_free(struct statefile *file)
{
    if (file == NULL)
        return;
    remove_mine(file);
    free(file->draft);
    free(file);
}

/* --- fields -------------------------------------------------------------- */

static void put_text(FILE *stream, const char *text)
{
    bool dash = text != NULL && strcmp(text, "-") == 0;

    if (text == NULL || *text == '\0')
        text = "-";
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte == 0x7f || byte == '\\' || dash)
            fprintf(stream, "\\x%02x", byte);
        else
            putc(byte, stream);
    }
}

static void put_size(FILE *stream, uint64_t bytes)
{
    if (bytes == SIZE_UNKNOWN)
        putc('-', stream);
    else
        fprintf(stream, "%" PRIu64, bytes);
    putc('\t', stream);
}

static void put_sizes(FILE *stream, const struct layer *layer)
{
    put_size(stream, layer->sizes.capacity);
    put_size(stream, layer->sizes.allocation);
    put_size(stream, layer->sizes.physical);
    put_size(stream, layer->headroom);
    if (layer->percent >= 0)
        fprintf(stream, "%.6f\t", layer->percent);
    else
        fputs("-\t", stream);
}

static void put_layer(FILE *stream, const struct statefile *file,
                      const struct domain *domain, const struct disk *disk,
                      const struct layer *layer)
{
    char name[IDENTITY_SIZE];

    identity_layer(name, file->format, layer);
    put_text(stream, domain->name);
    putc('\t', stream);
    put_text(stream, disk->target);
    fprintf(stream, "\t%s\t", name);
    put_sizes(stream, layer);
    put_size(stream, layer->index != 0 ? layer->index : SIZE_UNKNOWN);
    fprintf(stream, "%s\t", layer_role(layer));
    put_text(stream, layer->format);
    putc('\t', stream);
    put_text(stream, layer->path);
    putc('\n', stream);
}

/* --- the file ------------------------------------------------------------ */

static void put_all(FILE *stream, const struct statefile *file,
                    const struct inventory *inventory)
{
    size_t count = 0;

    fprintf(stream, "virt_backing 1 %.3f\n", file->valid);
    for (size_t i = 0; i < inventory->count; i++) {
        const struct domain *domain = inventory->domains[i];
        for (size_t j = 0; domain_is_known(domain) && j < domain->disk_count;
             j++) {
            const struct disk *disk = &domain->disks[j];
            for (size_t k = 0; k < disk->layer_count; k++)
                put_layer(stream, file, domain, disk, &disk->layers[k]);
            count += disk->layer_count;
        }
    }
    fprintf(stream, "end %zu\n", count);
}

/* Not one that somebody else has put there, nor through a link of his. */
static FILE *open_draft(const struct statefile *file)
{
    unlink(file->draft);
    int number =
        open(file->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (number < 0)
        return NULL;

    FILE *stream = fdopen(number, "w");
    if (stream == NULL)
        close(number);
    return stream;
}

static bool replace(struct statefile *file, const struct inventory *inventory)
{
    struct stat status;
    FILE *stream = open_draft(file);
    if (stream == NULL)
        return false;

    put_all(stream, file, inventory);
    bool complete = fflush(stream) == 0 && ferror(stream) == 0 &&
                    fstat(fileno(stream), &status) == 0;
    complete = fclose(stream) == 0 && complete;
    if (!complete)
        return false;
    bool shared = is_of_another(file);
    if (rename(file->draft, file->path) != 0)
        return false;
    file->written = true;
    file->mine = status;
    file->shared = shared;
    return true;
}

/* A host without machines is not one that does not answer. */
static bool is_anything_known(const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++)
        if (domain_is_known(inventory->domains[i]))
            return true;
    return inventory->answered;
}

void statefile_write(struct statefile *file, const struct inventory *inventory)
{
    if (!is_anything_known(inventory)) {
        remove_mine(file);
        return;
    }
    errno = 0;
    bool failed = !replace(file, inventory);
    int error = errno;

    if (failed)
        unlink(file->draft);
    if (failed && !file->failed)
        log_print(file->log, LOG_LEVEL_WARNING, "StateFile %s: %s", file->path,
                  strerror(error));
    else if (!failed && file->failed)
        log_print(file->log, LOG_LEVEL_INFO, "StateFile %s is written again",
                  file->path);
    file->failed = failed;
}
