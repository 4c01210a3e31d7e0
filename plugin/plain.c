/* SPDX-License-Identifier: MIT */
#include "plain.h"

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
