/* SPDX-License-Identifier: MIT
 *
 * The commands xml and vol-xml: libvirt's own XML, read once more and completed
 * (rfcxml.h).
 */
#ifndef VIRT_BACKING_XML_H
#define VIRT_BACKING_XML_H

#include "host.h"

#include <stdio.h>

/* False, after a line on stderr, where there is no such domain. */
bool xml_print_domain(FILE *out, struct host *host, const char *name);

/* The same of a volume. */
bool xml_print_volume(FILE *out, struct host *host, const char *pool,
                      const char *volume);

#endif
