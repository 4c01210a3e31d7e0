/* SPDX-License-Identifier: MIT
 *
 * The model that the whole program turns around.
 *
 * A hypervisor runs domains; a domain has disks; a disk is a chain of images,
 * the layers: the active layer, which the guest writes to, its backing image,
 * that one's backing image, and so on. While a block copy runs, the disk has
 * one image more, its mirror; while a backup runs, one more again, its
 * scratch image.
 *
 * A layer passes through three hands. The hypervisor's XML says what it is
 * (role, storage, format). The statistics of each cycle say how large it is
 * in the hypervisor's own terms (`stated`), and a look at the file adds what
 * they lack (`seen`). sizes.h makes of both the three values that users see
 * (`sizes`).
 *
 * All sizes are bytes. What is not known is SIZE_UNKNOWN, never 0.
 *
 * Ownership: a struct owns all that its pointers name; *_clear frees that and
 * leaves the struct zeroed, and takes half-built structs.
 */
#ifndef VIRT_BACKING_CHAIN_H
#define VIRT_BACKING_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIZE_UNKNOWN UINT64_MAX

/* In struct image alone: a size that has no bound. */
#define SIZE_UNBOUNDED (UINT64_MAX - 1)

#define UUID_BYTES 16
#define UUID_TEXT_SIZE 37

/* The three values of virDomainBlockInfo, and of what this program calls the
 * RFC: Eric Blake, "RFC: exposing backing store allocation in domain xml",
 * libvir-list, August 2014. */
struct sizes {
    uint64_t capacity;   /* what the guest sees */
    uint64_t allocation; /* host storage in use */
    uint64_t physical;   /* size of the container: file length, device size */
};

#define SIZES_UNKNOWN ((struct sizes){SIZE_UNKNOWN, SIZE_UNKNOWN, SIZE_UNKNOWN})

/* Why the figures of a layer are what they are, for people who check them: each
 * is a constant that sizes.h sets. */
struct sizes_rules {
    const char *capacity;
    const char *allocation;
    const char *physical;
    const char *headroom;
};

enum storage {
    STORAGE_UNKNOWN, /* not said, or a kind that this program has no rule for */
    STORAGE_NONE,    /* has no size of its own: directory, vhost-user */
    STORAGE_FILE,
    STORAGE_BLOCK,
    STORAGE_NETWORK,
    STORAGE_VOLUME, /* of a storage pool: file or block, only the pool knows */
};

enum role {
    ROLE_CHAIN,   /* the active layer (depth 0) or one of its backing images */
    ROLE_MIRROR,  /* destination of a block copy */
    ROLE_SCRATCH, /* scratch or target image of a running backup */
};

enum job_kind {
    JOB_NONE,
    JOB_COMMIT, /* of layers into one below, the active one or not */
    JOB_COPY,
    JOB_PULL,
    JOB_BACKUP,
};

/* A block job of a disk, in the hypervisor's own measure: bytes of the disk
 * that are done, of those that there are to do. 0 of 0 where it can't tell. */
struct job {
    enum job_kind kind; /* JOB_NONE: none runs */
    uint64_t done;
    uint64_t whole;
    bool active; /* a commit that takes the active layer, too */
};

/* What a look at an image on this host showed (stat). */
struct look {
    enum storage storage; /* STORAGE_FILE or _BLOCK; _UNKNOWN: not looked at */
    uint64_t length;      /* st_size of a file */
    uint64_t blocks;      /* 512 x st_blocks of a file */
    uint64_t device;      /* st_dev of a file, its file system; st_rdev of a
                           * device */
    uint64_t inode;       /* st_ino of a file */
    uint64_t free;        /* bytes that its file system has left for it;
                           * SIZE_UNKNOWN: not asked */
};

/* Tells what was seen from all else, by whatever name. */
uint64_t look_digest(const struct look *seen);

/* What the image's own metadata say (images.h). */
struct image {
    struct look seen;
    uint64_t length;     /* of the container: file or device */
    uint64_t capacity;   /* SIZE_UNKNOWN, as the next two, where not told */
    uint64_t end;        /* of the highest cluster in use */
    uint64_t largest;    /* that it can become; SIZE_UNBOUNDED with snapshots */
    unsigned version;    /* of qcow2; 0 for other formats, ... */
    uint64_t cluster;    /* ... and the size of its clusters */
    bool lazy_refcounts; /* its features, by their names in libvirt's XML */
    bool extended_l2;
    bool unsound;         /* it is no image of that format, whoever says so */
    bool dirty;           /* its end may not be up to date */
    bool external_data;   /* the guest's data lie in a file of their own */
    char *backing_name;   /* as the image spells it; NULL: no backing image */
    char *backing_format; /* NULL: not declared */
};

enum image_state {
    IMAGE_UNREAD,     /* not yet, or not at all */
    IMAGE_READ,       /* `image` holds what was read */
    IMAGE_UNREADABLE, /* it was tried in vain */
};

#define PERCENT_UNKNOWN (-1.0)

#define LAYER_NO_RECORD SIZE_MAX

struct layer {
    enum role role;
    unsigned depth; /* in the chain; 0 for mirror and scratch */
    unsigned index; /* libvirt's own, as in vda[3]; 0 where not known */
    enum storage storage;
    char *format; /* as in the XML; NULL where not said */
    char *path;   /* local file or device; NULL for others */
    char *pool;   /* of a STORAGE_VOLUME, with its volume; else NULL */
    char *volume;
    char *server;    /* of a STORAGE_NETWORK: its first host, or its socket; of
                      * one that an image alone names: that name */
    bool missing;    /* no image is there */
    uint64_t source; /* digest of what names an image that has no path, or of
                      * its device; 0: not known */
    uint64_t place;  /* digest of the storage it lies on (place.h); 0: not known
                      */

    size_t record;       /* position among the domain's block records */
    struct sizes stated; /* the hypervisor's figures of this cycle */
    struct look seen;

    uint64_t threshold; /* offset at which the hypervisor is to tell that it
                         * was passed; 0: none is set */

    bool target;           /* of an active commit, as the XML has it */
    bool crossed;          /* its threshold was, by a write of a job */
    bool written;          /* by the guest or by a job, as far as is known */
    uint64_t first_offset; /* stated.allocation when nobody wrote to it yet */

    enum image_state image_state;
    struct image image;
    uint64_t image_asked; /* number of the open question for it; 0: none */
    uint64_t image_told; /* digest of what the log was told of it; 0: nothing */
    double image_due;    /* when it is to be read again */
    uint64_t image_stated; /* stated.capacity when it was asked for ... */
    uint64_t image_offset; /* ... and stated.allocation; 0 where not known */

    struct sizes sizes; /* settled: what is reported */
    struct sizes known; /* each as it was when it was last known */
    struct sizes_rules rules;
    uint64_t headroom; /* bytes until ENOSPC, in the worst case */
    double percent;    /* how full; PERCENT_UNKNOWN */
};

struct disk {
    char *target; /* "vda" */
    char *alias;  /* the hypervisor's own name of the device; NULL: not said */
    char *instance; /* name of its series (identity.h); NULL until named */
    bool readonly;  /* the guest can't write to it */
    bool given;     /* the XML says where the chain ends */
    bool ended;     /* so do the images that it was followed through */
    size_t own;     /* layers at its start that are stated; those below were
                     * found by following the images */
    struct layer *layers;
    size_t layer_count;

    unsigned errors;  /* I/O errors of its layers that stand */
    double arm_after; /* it refused a threshold, and is to be asked again then
                       */
    struct job job;
    uint64_t job_left;    /* bytes that it may still write (job.h) */
    double job_heard;     /* when an event last told of the end of one */
    uint64_t job_chain;   /* digest of the chain that it began with */
    uint64_t job_start;   /* allocation of its target then */
    unsigned job_missed;  /* times in a row that it was not there any more */
    bool job_known;       /* it was told since the chain was laid out */
    bool job_fresh;       /* `job` is of this pass */
    uint64_t job_offsets; /* of the backing images, when it was told ... */
    uint64_t job_asked;   /* ... and when it was last asked */
    unsigned failed;      /* index of the layer that a commit wrote to which
                           * failed, and may be tried again; 0: none did */
};

#define DOMAIN_OFF (-1)

struct domain {
    unsigned char uuid[UUID_BYTES];
    int id; /* of this run of the domain: another one after each start;
             * DOMAIN_OFF when it does not run */
    char *name;
    char *host;      /* name of its series (identity.h); NULL until named */
    char *instance;  /* and of its own series, beside its disks; likewise */
    char *metadata;  /* the element that HostnameMetadata* ask for, or NULL */
    bool answered;   /* in the last pass ... */
    bool sized;      /* ... with sizes */
    bool stuck;      /* it is known that its QEMU does not answer */
    bool spared;     /* or was not asked: it shares storage with one that does
                      * not answer */
    double stale;    /* seconds since its last whole answer */
    bool settled;    /* its sizes are as they must be already */
    unsigned errors; /* I/O errors that stand, of which the disk is not known */
    struct disk *disks;
    size_t disk_count;
};

struct blockrecord;

void domain_clear(struct domain *domain);
void domain_clear_disks(struct domain *domain);

/* Moves all disks; `to` must have none. */
void domain_move_disks(struct domain *to, struct domain *from);

void layer_clear(struct layer *layer);

/* What it is to its disk: "active", "backing", "mirror" or "scratch". */
const char *layer_role(const struct layer *layer);

/* What its image says of itself is not known yet, but will be. */
bool layer_is_being_read(const struct layer *layer);

/* All that the guest has written lies in the image itself: not in another file,
 * as may be said by one that is being read. */
bool layer_holds_all(const struct layer *layer);

void image_clear(struct image *image);

/* Appends a disk without layers. NULL when memory is short. The pointer is
 * good until the next disk is added. */
struct disk *domain_add_disk(struct domain *domain, const char *target);

void domain_remove_disk(struct domain *domain, size_t position);

/* Appends an empty layer: unknown everything. As above. */
struct layer *disk_add_layer(struct disk *disk);

void disk_clear(struct disk *disk);

/* Removes the layers from that position on. */
void disk_cut_layers(struct disk *disk, size_t position);

/* Of all disks together. */
size_t domain_count_layers(const struct domain *domain);

struct disk *domain_find_disk(const struct domain *domain, const char *target);

/* Number of images in the disk's chain, mirror and scratch not counted. */
size_t disk_chain_length(const struct disk *disk);

/* A digest of the images in the disk's chain: another one when a job has
 * changed it. */
uint64_t disk_chain_digest(const struct disk *disk);

/* Its figures are those of the last pass; of one that is off, those that were
 * read last. */
bool domain_is_known(const struct domain *domain);

/* The layer of that index; NULL where there is none. */
struct layer *disk_find_layer(const struct disk *disk, unsigned index);

/* A job is over, and not to be tried again: nobody writes to backing images any
 * more. */
void disk_forget_writes(struct disk *disk);

/* For a layout that was read again in the same run of the domain: the jobs that
 * are known. */
void domain_carry_over(struct domain *to, const struct domain *from);

/* False where nobody says how long the chain of a domain that is off is: it is
 * still being followed, or one of its images can't be read. */
bool disk_chain_is_known(const struct domain *domain, const struct disk *disk);

/* Ties record number `position` to the layer that it speaks of: the one of
 * the same index; where either side has no index, of the same path; where
 * there is no path either, the next of the chain that has no record yet
 * (libvirt lists a chain from the active layer down).
 * False where no layer fits. */
bool chain_bind(struct domain *domain, const struct blockrecord *record,
                size_t position);

/* The storage that libvirt's XML calls by that word, as in <disk type=''> or
 * <volume type=''>; NULL is none. */
enum storage storage_named(const char *word);

/* Makes *text a copy of `value`, unless it is one. False when memory is
 * short; *text is then as before. */
bool text_replace(char **text, const char *value);

/* 36 characters and a NUL, as libvirt writes them. */
void uuid_format(char ret_text[UUID_TEXT_SIZE],
                 const unsigned char uuid[UUID_BYTES]);

#endif
