/* SPDX-License-Identifier: MIT */
#include "jsonname.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8
#define KEY_SIZE 64 /* of a key with all those that it is in */

/* What counts. */
enum { DRIVER, FILENAME, FILE_DRIVER, FILE_FILENAME, KEY_COUNT };

static const char *const keys[KEY_COUNT] = {
    [DRIVER] = "driver",
    [FILENAME] = "filename",
    [FILE_DRIVER] = "file.driver",
    [FILE_FILENAME] = "file.filename",
};

struct reading {
    const char *at;
    unsigned depth;
    char *values[KEY_COUNT];
    bool other; /* something else is said that matters */
};

static bool is_one_of(const char *const *words, const char *word)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

/* --- JSON ---------------------------------------------------------------- */

static void skip_space(struct reading *reading)
{
    reading->at += strspn(reading->at, " \t\r\n");
}

static bool take(struct reading *reading, char character)
{
    skip_space(reading);
    if (*reading->at != character)
        return false;
    reading->at++;
    return true;
}

/* Four hexadecimal digits. */
static bool read_unit(struct reading *reading, unsigned *ret_unit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    unsigned unit = 0;

    for (int i = 0; i < 4; i++) {
        const char *digit =
            *reading->at == '\0' ? NULL : strchr(digits, *reading->at);
        if (digit == NULL)
            return false;
        unit = unit << 4 | ((unsigned)(digit - digits) & 0xf);
        reading->at++;
    }
    *ret_unit = unit;
    return true;
}

/* A character of UTF-16, of which those beyond U+FFFF are two units. Not NUL,
 * which no name of a file has. */
static bool read_code(struct reading *reading, unsigned *ret_code)
{
    unsigned low;

    if (!read_unit(reading, ret_code) || *ret_code == 0)
        return false;
    if (*ret_code < 0xd800 || *ret_code > 0xdfff)
        return true;
    if (*ret_code > 0xdbff || strncmp(reading->at, "\\u", 2) != 0)
        return false;
    reading->at += 2;
    if (!read_unit(reading, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *ret_code = 0x10000 + ((*ret_code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* As UTF-8, which is never longer than the escape. */
static char *put_code(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        } else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* What stands behind a backslash. NULL where that is nothing known. */
static char *read_escape(struct reading *reading, char *to)
{
    static const char letters[] = "bfnrt\"'\\/";
    static const char meant[] = "\b\f\n\r\t\"'\\/";
    unsigned code;
    char letter = *reading->at;
    const char *known = letter == '\0' ? NULL : strchr(letters, letter);

    if (letter == 'u') {
        reading->at++;
        return read_code(reading, &code) ? put_code(to, code) : NULL;
    }
    if (known == NULL)
        return NULL;
    reading->at++;
    *to++ = meant[known - letters];
    return to;
}

/* To be freed; NULL where there is no text, or memory is short. */
static char *read_text(struct reading *reading)
{
    skip_space(reading);
    char quote = *reading->at;
    char *text =
        quote == '"' || quote == '\'' ? malloc(strlen(reading->at) + 1) : NULL;
    char *to = text;

    if (text == NULL)
        return NULL;
    reading->at++;
    while (to != NULL && *reading->at != quote) {
        if (*reading->at == '\\') {
            reading->at++;
            to = read_escape(reading, to);
        } else if ((unsigned char)*reading->at < ' ') {
            to = NULL; /* the end of the name, too */
        } else {
            *to++ = *reading->at++;
        }
    }
    if (to == NULL) {
        free(text);
        return NULL;
    }
    reading->at++;
    *to = '\0';
    return text;
}

/* --- what it says -------------------------------------------------------- */

/* Options of how a file is opened, whatever is in it. */
static bool is_harmless(const char *key)
{
    static const char *const words[] = {"aio",
                                        "auto-read-only",
                                        "cache.direct",
                                        "cache.no-flush",
                                        "detect-zeroes",
                                        "discard",
                                        "force-share",
                                        "locking",
                                        "node-name",
                                        "read-only",
                                        NULL};

    if (strncmp(key, "file.", strlen("file.")) == 0)
        key += strlen("file.");
    return is_one_of(words, key);
}

/* Takes the value over. False where the key was there before. */
static bool note(struct reading *reading, const char *key, char *value)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i], key) == 0) {
            bool first = reading->values[i] == NULL;
            free(reading->values[i]);
            reading->values[i] = value;
            return first;
        }
    reading->other = reading->other || !is_harmless(key);
    free(value);
    return true;
}

/* A number, true, false or null. */
static bool skip_word(struct reading *reading, const char *key)
{
    size_t length = strspn(reading->at, "abcdefghijklmnopqrstuvwxyzE0123456789"
                                        "+-.");

    reading->at += length;
    reading->other = reading->other || !is_harmless(key);
    return length > 0;
}

static bool read_object(struct reading *reading, const char *above);

static bool read_value(struct reading *reading, const char *key)
{
    skip_space(reading);
    if (*reading->at == '{')
        return read_object(reading, key);
    if (*reading->at != '"' && *reading->at != '\'')
        return skip_word(reading, key);
    char *text = read_text(reading);
    return text != NULL && note(reading, key, text);
}

/* A key, a colon and a value. `above` is the key that the object belongs to. */
static bool read_member(struct reading *reading, const char *above)
{
    char key[KEY_SIZE];
    char *name = read_text(reading);
    size_t length = strlen(above);

    if (name == NULL || length + 1 + strlen(name) >= sizeof(key)) {
        free(name);
        return false;
    }
    memcpy(key, above, length);
    if (length > 0)
        key[length++] = '.';
    strcpy(key + length, name);
    free(name);
    return take(reading, ':') && read_value(reading, key);
}

static bool read_object(struct reading *reading, const char *above)
{
    if (!take(reading, '{') || ++reading->depth > DEPTH_MAX)
        return false;
    if (!take(reading, '}')) {
        do
            if (!read_member(reading, above))
                return false;
        while (take(reading, ','));
        if (!take(reading, '}'))
            return false;
    }
    reading->depth--;
    return true;
}

/* --- what it means ------------------------------------------------------- */

static bool is_local(const char *driver)
{
    static const char *const words[] = {"file", "host_device", NULL};

    return driver == NULL || is_one_of(words, driver);
}

static bool is_network(const char *driver)
{
    static const char *const words[] = {"ftp",   "ftps",  "gluster", "http",
                                        "https", "iscsi", "nbd",     "nfs",
                                        "rbd",   "ssh",   NULL};

    return driver != NULL && is_one_of(words, driver);
}

static void move(char **to, char **from)
{
    *to = *from;
    *from = NULL;
}

/* A relative name would be relative to wherever QEMU runs. */
static void conclude(struct reading *reading, struct jsonname *ret_name)
{
    char **values = reading->values;
    bool bare = values[FILE_DRIVER] == NULL && values[FILE_FILENAME] == NULL;
    const char *driver = bare ? values[DRIVER] : values[FILE_DRIVER];
    char **path = &values[bare ? FILENAME : FILE_FILENAME];

    ret_name->network = is_network(driver);
    if (reading->other || !is_local(driver) || *path == NULL || **path != '/' ||
        (!bare && values[FILENAME] != NULL))
        return;
    move(&ret_name->path, path);
    ret_name->bare = bare;
    if (bare)
        ret_name->format = strdup("raw");
    else
        move(&ret_name->format, &values[DRIVER]);
}

void jsonname_read(const char *name, struct jsonname *ret_name)
{
    struct reading reading = {.at = name + strlen(JSONNAME_PREFIX)};

    *ret_name = (struct jsonname){0};
    if (strncmp(name, JSONNAME_PREFIX, strlen(JSONNAME_PREFIX)) == 0 &&
        read_object(&reading, "")) {
        skip_space(&reading);
        if (*reading.at == '\0')
            conclude(&reading, ret_name);
    }
    for (size_t i = 0; i < KEY_COUNT; i++)
        free(reading.values[i]);
}

void jsonname_clear(struct jsonname *name)
{
    free(name->path);
    free(name->format);
    *name = (struct jsonname){0};
}
