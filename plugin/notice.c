/* SPDX-License-Identifier: MIT */
#include "notice.h"

#include "job.h"
#include "plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_text(char *text, size_t size, const char *value)
{
    snprintf(text, size, "%s", value != NULL ? value : "");
}

static void set_names(struct notice *notice, const struct domain *domain,
                      const char *instance, const char *type)
{
    *notice = (struct notice){.type = type, .left = SIZE_UNKNOWN};
    set_text(notice->host, sizeof(notice->host), domain->host);
    set_text(notice->plugin_instance, sizeof(notice->plugin_instance),
             instance);
}

static void describe(struct notice *notice, const struct layer *layer)
{
    set_text(notice->path, sizeof(notice->path), layer->path);
    set_text(notice->format, sizeof(notice->format), layer->format);
    notice->index = layer->index;
    notice->left = sizes_room(layer);
}

void notice_layer(struct notice *ret_notice, const struct domain *domain,
                  const struct disk *disk, const struct layer *layer,
                  enum layer_format format)
{
    set_names(ret_notice, domain, disk->instance, "disk_headroom");
    identity_layer(ret_notice->type_instance, format, layer);
    describe(ret_notice, layer);
}

void notice_job(struct notice *ret_notice, const struct domain *domain,
                const struct disk *disk, enum job_kind kind,
                const struct layer *target)
{
    set_names(ret_notice, domain, disk->instance, "block_job");
    set_text(ret_notice->type_instance, sizeof(ret_notice->type_instance),
             job_name(kind));
    if (target != NULL)
        describe(ret_notice, target);
}

void notice_error(struct notice *ret_notice, const struct domain *domain,
                  const struct disk *disk, const struct layer *layer)
{
    set_names(ret_notice, domain,
              disk != NULL ? disk->instance : domain->instance, "count");
    set_text(ret_notice->type_instance, sizeof(ret_notice->type_instance),
             "errors");
    if (layer != NULL)
        describe(ret_notice, layer);
}

void notice_say(struct notice *notice, enum severity severity,
                const char *format, ...)
{
    char text[2 * NOTICE_MESSAGE_SIZE];
    va_list arguments;

    notice->severity = severity;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (strlen(text) >= NOTICE_MESSAGE_SIZE)
        strcpy(text + plain_cut(text, NOTICE_MESSAGE_SIZE - 4), "...");
    strcpy(notice->message, text);
}

static void fit(char *ret_text, size_t size, const char *text)
{
    size_t length = strlen(text);
    bool fits = length < size;

    if (!fits)
        length = plain_cut(text, size - 4);
    snprintf(ret_text, size, "%.*s%s", (int)length, text, fits ? "" : "...");
    plain_clean(ret_text);
}

void notice_name(char ret_text[NOTICE_NAME_SIZE], const struct domain *domain)
{
    fit(ret_text, NOTICE_NAME_SIZE, domain->name != NULL ? domain->name : "");
}

void notice_reason(char ret_text[NOTICE_REASON_SIZE], const char *reason)
{
    fit(ret_text, NOTICE_REASON_SIZE, reason);
}

/* The end of a path tells more than its beginning. */
static void shorten(char ret_text[NOTICE_PATH_SIZE], const char *path)
{
    size_t length = strlen(path);

    if (length < NOTICE_PATH_SIZE) {
        set_text(ret_text, NOTICE_PATH_SIZE, path);
    } else {
        const char *end = path + length - (NOTICE_PATH_SIZE - 4);
        while (plain_goes_on(*end))
            end++;
        snprintf(ret_text, NOTICE_PATH_SIZE, "...%s", end);
    }
    plain_clean(ret_text);
}

void notice_what(char ret_text[NOTICE_WHAT_SIZE], const struct disk *disk,
                 const struct layer *layer, enum layer_format format)
{
    char name[IDENTITY_SIZE];
    char path[NOTICE_PATH_SIZE] = "";
    char index[16] = "";

    identity_layer(name, format, layer);
    if (layer->path != NULL)
        shorten(path, layer->path);
    if (layer->index != 0)
        snprintf(index, sizeof(index), "[%u]", layer->index);
    snprintf(ret_text, NOTICE_WHAT_SIZE, "%.12s %.12s (%.12s%s%s%s)",
             disk->target, name, disk->target, index, *path != '\0' ? ", " : "",
             path);
}
