/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include <string.h>

/* Longer than need be, a surrogate, or beyond the last character. */
static bool is_excluded(const unsigned char *at)
{
    return (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
           (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f);
}

size_t plain_character_length(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80   ? 1
                    : at[0] < 0xc2 ? 0
                    : at[0] < 0xe0 ? 2
                    : at[0] < 0xf0 ? 3
                    : at[0] < 0xf5 ? 4
                                   : 0;

    for (size_t i = 1; i < length; i++)
        if (!plain_goes_on(text[i]))
            return 0;
    return length > 2 && is_excluded(at) ? 0 : length;
}

bool plain_is_noncharacter(const char *text)
{
    return strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
           strncmp(text, "\xef\xbf\xbf", 3) == 0;
}

size_t plain_control_length(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    unsigned char second = first == 0xc2 ? (unsigned char)text[1] : 0;

    if (first == '\0')
        return 0;
    if (first < ' ' || first == 0x7f)
        return 1;
    return second >= 0x80 && second < 0xa0 ? 2 : 0;
}

void plain_clean(char *text)
{
    char *to = text;

    while (*text != '\0') {
        size_t control = plain_control_length(text);
        *to++ = control > 0 ? '_' : *text;
        text += control > 0 ? control : 1;
    }
    *to = '\0';
}
