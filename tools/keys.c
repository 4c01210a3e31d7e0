/* SPDX-License-Identifier: MIT */
#include "keys.h"

/* A key that is a letter. */
static enum key plain(char byte)
{
    switch (byte) {
    case 'q':
    case 'Q':
        return KEY_QUIT;
    case 'k':
        return KEY_UP;
    case 'j':
        return KEY_DOWN;
    case 'h':
        return KEY_LEFT;
    case 'l':
        return KEY_RIGHT;
    default:
        return KEY_NONE;
    }
}

/* A sequence by its last letter. */
static enum key special(char byte, unsigned number)
{
    static const enum key numbers[] = {
        [1] = KEY_HOME,    [4] = KEY_END,       /* xterm */
        [5] = KEY_PAGE_UP, [6] = KEY_PAGE_DOWN, /* both */
        [7] = KEY_HOME,    [8] = KEY_END,       /* rxvt */
    };

    switch (byte) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    case '~':
        return number < sizeof(numbers) / sizeof(numbers[0]) ? numbers[number]
                                                             : KEY_NONE;
    default:
        return KEY_NONE;
    }
}

/* One byte of ESC [ NUMBERS LETTER (ECMA-48: a control sequence). */
static enum key take_sequence(struct keys *keys, char byte)
{
    if (byte >= '0' && byte <= '9') {
        if (keys->state == KEYS_NUMBER && keys->number < 1000)
            keys->number = 10 * keys->number + (unsigned)(byte - '0');
    } else if (byte == '[') {
        keys->state = KEYS_FUNCTION;
    } else if (byte < '@') {
        keys->state = KEYS_REST;
    } else {
        keys->state = KEYS_NOTHING;
        return special(byte, keys->number);
    }
    return KEY_NONE;
}

enum key keys_take(struct keys *keys, char byte)
{
    if (byte == '\033') {
        *keys = (struct keys){.state = KEYS_ESCAPE};
        return KEY_NONE;
    }
    switch (keys->state) {
    case KEYS_NUMBER:
    case KEYS_REST:
        return take_sequence(keys, byte);
    case KEYS_LETTER:
        keys->state = KEYS_NOTHING;
        return special(byte, 0);
    case KEYS_FUNCTION:
        keys->state = KEYS_NOTHING;
        return KEY_NONE;
    case KEYS_ESCAPE:
        keys->state = byte == '['   ? KEYS_NUMBER
                      : byte == 'O' ? KEYS_LETTER
                                    : KEYS_NOTHING;
        break;
    case KEYS_NOTHING:
        break;
    }
    return keys->state == KEYS_NOTHING ? plain(byte) : KEY_NONE;
}
