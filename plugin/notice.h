/* SPDX-License-Identifier: MIT
 *
 * What is to be told to an admin: a sentence that can be acted upon, under the
 * names of the series that it is about. Texts are plain ASCII apart from the
 * names in them, and fit a notification of collectd.
 */
#ifndef VIRT_BACKING_NOTICE_H
#define VIRT_BACKING_NOTICE_H

#include "identity.h"

#define NOTICE_MESSAGE_SIZE 256 /* collectd's NOTIF_MAX_MSG_LEN */
#define NOTICE_NAME_SIZE 48
#define NOTICE_PATH_SIZE 64
#define NOTICE_WHAT_SIZE 128
#define NOTICE_REASON_SIZE 80

enum severity {
    SEVERITY_OKAY,
    SEVERITY_WARNING,
    SEVERITY_FAILURE,
};

struct notice {
    enum severity severity;
    char host[IDENTITY_SIZE]; /* names of the series, as the next three */
    char plugin_instance[IDENTITY_SIZE];
    const char *type; /* a constant */
    char type_instance[IDENTITY_SIZE];
    char message[NOTICE_MESSAGE_SIZE];

    /* For those that read more than the message. */
    char path[1024]; /* of the image; "": it has none */
    unsigned index;  /* libvirt's own; 0: it has none */
    char format[16]; /* "": not known */
    uint64_t left;   /* bytes that its storage has left; SIZE_UNKNOWN */
};

/* About a layer: under the name of its disk_headroom, where the alarms of
 * thresholds are, too. domain->host and disk->instance must be there. */
void notice_layer(struct notice *ret_notice, const struct domain *domain,
                  const struct disk *disk, const struct layer *layer,
                  enum layer_format format);

/* About a block job of a disk: under the name of its block_job; `target` is
 * the layer that it writes to, or NULL. */
void notice_job(struct notice *ret_notice, const struct domain *domain,
                const struct disk *disk, enum job_kind kind,
                const struct layer *target);

/* About an I/O error of a layer, or of a disk of the domain that nobody knows
 * (`disk` is NULL): under the name of its count-errors. That of disk_headroom
 * would be taken for over when there is room again, and the domain still
 * paused. */
void notice_error(struct notice *ret_notice, const struct domain *domain,
                  const struct disk *disk, const struct layer *layer);

/* Sets severity and message. One that is too long ends in "...". */
__attribute__((format(printf, 3, 4))) void notice_say(struct notice *notice,
                                                      enum severity severity,
                                                      const char *format, ...);

/* The domain's name, if need be its beginning. */
void notice_name(char ret_text[NOTICE_NAME_SIZE], const struct domain *domain);

/* What somebody else says, if need be its beginning. */
void notice_reason(char ret_text[NOTICE_REASON_SIZE], const char *reason);

/* "vda layer1 (vda[3], /images/base.qcow2)", with the end of a path that is
 * long. */
void notice_what(char ret_text[NOTICE_WHAT_SIZE], const struct disk *disk,
                 const struct layer *layer, enum layer_format format);

#endif
