/* SPDX-License-Identifier: MIT
 *
 * Prints the options that the plugin takes, one a line, for check-options.sh.
 */
#include "settings.h"

#include <stdio.h>

int main(void)
{
    for (size_t i = 0; settings_option(i) != NULL; i++)
        puts(settings_option(i));
    return 0;
}
