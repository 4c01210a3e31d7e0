/* SPDX-License-Identifier: MIT
 *
 * The layers as they are now, in a file for programs beside collectd: exact
 * bytes, and what no series can carry (role, format, path). A pass replaces the
 * file as a whole, so a reader sees one pass or another, never half of each,
 * and holds up nobody.
 *
 *   virt_backing 1 25.000
 *   vm1 vda layer0 4096 512 1024 3584 12.500000 1 active qcow2 /images/a
 *   vm1 vda layer1 4096 256 1024 - - 2 backing raw /images/b
 *   end 2
 *
 * The first line has the version of the format, and for how many seconds after
 * its modification time the file holds. Then a line a layer, fields separated
 * by a tab: domain, disk, layer, capacity, allocation, physical, headroom,
 * percent, libvirt's index, role, format, path. "-" is not known; in a text a
 * control character or a backslash is \xHH, and so is a "-" that is the whole
 * text. The last line has the number of layers.
 */
#ifndef VIRT_BACKING_STATEFILE_H
#define VIRT_BACKING_STATEFILE_H

#include "collector.h"

struct statefile;

/* Writes nothing yet. `path` and `log` must outlive it. NULL when memory is
 * short. */
struct statefile *statefile_new(const char *path, enum layer_format format,
                                double valid, const struct log *log);

/* Layers of domains that did not answer are left out. Where nothing answered
 * the file is removed, as by statefile_free(): a file without layers is that of
 * a host without machines. Where the file can't be written, it stays as it was;
 * the log says so, once. */
void statefile_write(struct statefile *file, const struct inventory *inventory);

/* Removes the file: nobody sees to it any more. Not one that somebody else has
 * written, nor one that came in the place of such a one: beside a daemon
 * "collectd -T" writes once, and the daemon goes on. Takes NULL. */
void statefile_free(struct statefile *file);

#endif
