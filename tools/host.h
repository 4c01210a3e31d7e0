/* SPDX-License-Identifier: MIT
 *
 * The hypervisor, as the commands see it: the same collector that the plugin
 * has, without collectd. What hangs is left behind: no command takes longer
 * than the timeout, and a moment.
 */
#ifndef VIRT_BACKING_HOST_H
#define VIRT_BACKING_HOST_H

#include "collector.h"
#include "options.h"

struct host;

/* Of the domains in `names` alone, where there are any: names, UUIDs, which are
 * replaced by the names, or /regular expressions/. NULL, after a line on
 * stderr, where that can't be. */
struct host *host_open(const struct options *options, char **names,
                       size_t count);

/* Ends the pass that is under way, and all that come. From any thread. */
void host_stop(struct host *host);

/* Leaves behind what hangs: the program should end soon. Takes NULL. */
void host_close(struct host *host);

/* One pass; with `whole` as many as it takes, within the timeout, until no
 * image is being read any more, and no domain is busy. NULL, after a line on
 * stderr, where libvirt did not answer; else good until the next pass. */
const struct inventory *host_read(struct host *host, bool whole);

/* Whether all that was asked is answered: no call hangs, each domain has told
 * its sizes, and no image is being read any more. */
bool host_is_whole(const struct host *host, const struct inventory *inventory);

/* Calls `work` in a thread, with a hypervisor of its own, and waits for it
 * until the command's timeout is over, and a moment. False when it does not
 * return by then, after the line `silence` on stderr: `job` is in use for ever.
 */
bool host_call(struct host *host,
               void (*work)(const struct hypervisor *hypervisor, void *job),
               void *job, const char *silence);

/* The same for each domain, whether it runs or not. False, after a line on
 * stderr, also where libvirt refused. */
typedef void (*host_visit)(const struct hypervisor *hypervisor,
                           const struct domain_ref *ref, void *job);
bool host_call_domains(struct host *host, host_visit visit, void *job);

/* And for one, by its name. False, after a line on stderr, also where there is
 * none. */
bool host_call_domain(struct host *host, const char *name, host_visit visit,
                      void *job);

/* Its sizes are known, as far as they can be: it is off, or has just answered
 * with them. */
bool host_is_sized(const struct domain *domain);

/* The domain of that name. NULL where there is none. */
const struct domain *host_find_domain(const struct inventory *inventory,
                                      const char *name);

#endif
