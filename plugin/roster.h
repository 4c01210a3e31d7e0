/* SPDX-License-Identifier: MIT
 *
 * The domains that are known, by UUID, with what a collector remembers of
 * each from one pass to the next.
 */
#ifndef VIRT_BACKING_ROSTER_H
#define VIRT_BACKING_ROSTER_H

#include "event.h"

struct roster_entry {
    struct domain domain;

    uint64_t pass;  /* the last one whose question found it there */
    uint64_t taken; /* the last one whose question it answered */
    int run;        /* libvirt's id for it then; or DOMAIN_OFF */
    size_t records; /* of its last answer */
    double whole;   /* when it last answered with sizes, or was first seen */
    bool answered;  /* in the current pass */
    bool asked;     /* in the current pass */
    bool sized;     /* its last answer was with sizes */
    bool arrived;   /* one was, in this run of it */
    bool again; /* the one before was, and this one, of the current pass, not */
    bool met;   /* it is known by name and storage, and never answered */
    bool stuck; /* its QEMU does not answer: it is not asked with others */
    const void *lane; /* whose call hangs on it; NULL: none is known */
    bool suspect;     /* nor is it, since its storage is that of a stuck one */
    double tried;     /* when it was last tried by itself */
    uint64_t signature;   /* of the records that the layout was made for */
    double due;           /* when its XML is to be read again */
    bool laid_out;        /* there is a layout ... */
    bool named;           /* ... and its series have their names */
    bool loose;           /* with records that it has no place for */
    bool complained;      /* the log has been told that its XML is no good */
    bool unique;          /* its name is no other's, as far as was looked */
    uint64_t names;       /* digest of those that were looked at */
    bool marked;          /* its name was another's: see identity_host() */
    double asked_at;      /* when the question was put that it last answered */
    bool running;         /* not paused then, nor ... */
    bool halted;          /* ... paused by an I/O error */
    double heard;         /* when an event last told of such a thing */
    double stopped;       /* when one told that the run was over */
    double backup_failed; /* when one told that its backup did, ... */
    char backup_reason[EVENT_REASON_SIZE]; /* ... and why */
    bool told_refusal; /* the log knows that it refuses a threshold */
    bool told_foreign; /* the log knows of somebody else's threshold */
};

/* False from the end of a run on until it answers a question that was put
 * later: what is known is of that run. */
static inline bool roster_is_this_run(const struct roster_entry *entry)
{
    return entry->stopped < entry->asked_at;
}

struct roster {
    struct roster_entry **entries; /* sorted by UUID */
    size_t count;
    size_t room;
};

/* The entry of that UUID; a new, empty one where there was none. NULL when
 * memory is short. */
struct roster_entry *roster_get(struct roster *roster,
                                const unsigned char uuid[UUID_BYTES]);

/* Where it is among the entries, or would be. */
size_t roster_position(const struct roster *roster,
                       const unsigned char uuid[UUID_BYTES]);

/* NULL where there is none. */
struct roster_entry *roster_find(const struct roster *roster,
                                 const unsigned char uuid[UUID_BYTES]);

/* Forgets the domains that were not found in that pass or later; with
 * `keep_off` not those that are off. True when one was forgotten. */
bool roster_sweep(struct roster *roster, uint64_t pass, bool keep_off);

/* Forgets a domain that has the name of that one, which was found later. True
 * when there was one. */
bool roster_forget_namesake(struct roster *roster,
                            const struct roster_entry *entry);

void roster_clear(struct roster *roster);

#endif
