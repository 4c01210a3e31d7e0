/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a case describes, with the defaults of a plain one. */
struct subject {
    struct settings *settings;
    struct domain domain;
    const char *hostname;
    const char *target;
    bool mark;
};

/* "\x0a" gives that byte, "\\" a backslash. In place. */
static char *unescape(char *text)
{
    char *end = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '\\') {
            *end++ = *from;
            continue;
        }
        from++;
        if (*from != 'x') {
            *end++ = *from;
            continue;
        }
        char digits[] = {from[1], from[2], '\0'};
        *end++ = (char)strtoul(digits, NULL, 16);
        from += 2;
    }
    *end = '\0';
    return text;
}

static void set_uuid(struct domain *domain, const char *digits)
{
    for (size_t i = 0; i < UUID_BYTES; i++) {
        char byte[] = {digits[2 * i], digits[2 * i + 1], '\0'};
        domain->uuid[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
}

static void describe(struct subject *subject, const char *key, char *value)
{
    char error[512];

    if (strcmp(key, "name") == 0)
        subject->domain.name = unescape(value);
    else if (strcmp(key, "metadata") == 0)
        subject->domain.metadata = unescape(value);
    else if (strcmp(key, "hostname") == 0)
        subject->hostname = unescape(value);
    else if (strcmp(key, "target") == 0)
        subject->target = unescape(value);
    else if (strcmp(key, "uuid") == 0)
        set_uuid(&subject->domain, value);
    else if (strcmp(key, "mark") == 0)
        subject->mark = strcmp(value, "yes") == 0;
    else if (!settings_set(subject->settings, key, value, error, sizeof(error)))
        fail_msg("%s", error);
}

/* Lines of the input: "KEY VALUE" with a key of describe() or an option. */
static char *name_series(char *input)
{
    static char plain_name[] = "vm1";
    struct subject subject = {
        .settings = settings_new(),
        .domain = {.name = plain_name},
        .hostname = "host",
        .target = "vda",
    };
    char *line;

    while ((line = cases_next_line(&input)) != NULL) {
        char *space = strchr(line, ' ');
        assert_non_null(space);
        *space = '\0';
        describe(&subject, line, space + 1);
    }

    char host[IDENTITY_SIZE];
    char disk[IDENTITY_SIZE];
    char domain[IDENTITY_SIZE];
    char *output;
    identity_host(host, &subject.settings->host_format, &subject.domain,
                  subject.hostname, subject.mark);
    identity_disk(disk, &subject.settings->instance_format, &subject.domain,
                  subject.target);
    identity_domain(domain, &subject.settings->instance_format,
                    &subject.domain);
    assert_true(asprintf(&output, "host %s\ndisk %s\n%s%s%s", host, disk,
                         domain[0] != '\0' ? "domain " : "", domain,
                         domain[0] != '\0' ? "\n" : "") > 0);
    settings_free(subject.settings);
    return output;
}

/* --- what holds for any name --------------------------------------------- */

static const struct name_format by_name = {.fields = {NAME_FIELD_NAME},
                                           .count = 1};

static void host_of(char ret_host[IDENTITY_SIZE], const char *name)
{
    struct domain domain = {.name = (char *)name};

    /* A name must end by itself. */
    memset(ret_host, '#', IDENTITY_SIZE);
    identity_host(ret_host, &by_name, &domain, "host", false);
}

static bool is_utf8(const char *text)
{
    while (*text != '\0') {
        unsigned char first = (unsigned char)*text++;
        int rest = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;

        if (first >= 0x80 && first < 0xc0)
            return false;
        for (; rest > 0; rest--)
            if (((unsigned char)*text++ & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* Characters of one to four bytes, begun at any offset: the cut falls into
 * each of their bytes once. */
static void cut_leaves_whole_characters(void **state)
{
    static const char *const characters[] = {"x", "\xc3\xa4", "\xe2\x82\xac",
                                             "\xf0\x9f\x92\xbe"};
    char name[512];
    char host[IDENTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(characters); i++)
        for (size_t offset = 0; offset < 4; offset++) {
            memset(name, 'a', offset);
            name[offset] = '\0';
            while (strlen(name) < 200)
                strcat(name, characters[i]);
            host_of(host, name);
            assert_true(strlen(host) < IDENTITY_SIZE);
            /* No more is lost than must be: a character and the hash. */
            assert_true(strlen(host) >= IDENTITY_SIZE - 1 - 3);
            assert_true(is_utf8(host));
        }
}

static void different_names_stay_different(void **state)
{
    static const char *const names[] = {
        "a_b", "a/b", "a\nb", "a\tb", "a\177b", ".",      "..",     "_",
        "__",  "/",   "//",   "./",   "/.",     "a\xe4z", "a\xe5z", "a_z",
    };
    char a[IDENTITY_SIZE];
    char b[IDENTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        for (size_t j = 0; j < i; j++) {
            host_of(a, names[i]);
            host_of(b, names[j]);
            assert_string_not_equal(a, b);
        }
}

/* They differ only behind the last byte that there is room for. */
static void long_names_stay_different(void **state)
{
    char name[201];
    char a[IDENTITY_SIZE];
    char b[IDENTITY_SIZE];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    host_of(a, name);
    name[199] = 'y';
    host_of(b, name);
    assert_string_not_equal(a, b);
    name[199] = '\0';
    host_of(b, name);
    assert_string_not_equal(a, b);
    /* 127 characters have room: no hash. */
    name[127] = '\0';
    host_of(b, name);
    assert_string_equal(b, name);
}

static void name_has_no_bad_characters(void **state)
{
    char name[] = "a?b";
    char host[IDENTITY_SIZE];

    (void)state;
    for (int byte = 1; byte < 0x80; byte++) {
        bool bad = byte < ' ' || byte == '/' || byte == 0x7f;
        name[1] = (char)byte;
        host_of(host, name);
        assert_int_equal(host[1], bad ? '_' : byte);
        assert_int_equal(strcmp(host, name) != 0, bad);
    }
}

/* What is read by others, such as Prometheus, must be: they refuse all of a
 * page for one byte. */
static void name_is_utf8(void **state)
{
    static const char *const names[][2] = {
        {"latin \xe4.raw", "latin _.raw-"},
        {"cut \xe2\x82", "cut __-"},
        {"surrogate \xed\xa0\x80", "surrogate ___-"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", NULL},
    };
    char host[IDENTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        host_of(host, names[i][0]);
        assert_true(is_utf8(host));
        if (names[i][1] == NULL)
            assert_string_equal(host, names[i][0]);
        else
            assert_memory_equal(host, names[i][1], strlen(names[i][1]));
    }
}

static void mark_tells_domains_apart(void **state)
{
    static char name[] = "web";
    struct domain first = {.name = name, .uuid = {1}};
    struct domain second = {.name = name, .uuid = {2}};
    char plain[IDENTITY_SIZE];
    char a[IDENTITY_SIZE];
    char b[IDENTITY_SIZE];

    (void)state;
    identity_host(plain, &by_name, &first, "host", false);
    identity_host(a, &by_name, &first, "host", true);
    identity_host(b, &by_name, &second, "host", true);
    assert_string_equal(plain, "web");
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, plain);
    assert_memory_equal(a, "web-", 4);
    assert_memory_equal(b, "web-", 4);
}

/* The plugin's own series beside those of the disks: where all domains have a
 * host of their own it has no instance. */
static void domain_by_default(void **state)
{
    static char plain[] = "vm1";
    struct settings *settings = settings_new();
    struct domain domain = {.name = plain};
    char name[IDENTITY_SIZE];

    (void)state;
    memset(name, '#', sizeof(name));
    identity_domain(name, &settings->instance_format, &domain);
    assert_string_equal(name, "");
    settings_free(settings);
}

/* Names that differ by what is replaced, or by what is cut off. */
static void different_domains_stay_different(void **state)
{
    static const struct name_format format = {
        .fields = {NAME_FIELD_NAME, NAME_FIELD_DISK}, .count = 2};
    char names[][201] = {"a_b", "a/b", "a\nb", ".", "_", "", ""};
    char found[COUNT_OF(names)][IDENTITY_SIZE];

    (void)state;
    memset(names[5], 'x', 200);
    memset(names[6], 'x', 199);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct domain domain = {.name = names[i]};
        identity_domain(found[i], &format, &domain);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(found[i], found[j]);
    }
}

/* --- layers -------------------------------------------------------------- */

static void layer_names(void **state)
{
    static const struct {
        struct layer layer;
        const char *by_depth;
        const char *by_index;
    } rows[] = {
        {{.role = ROLE_CHAIN, .depth = 0, .index = 3}, "layer0", "index3"},
        {{.role = ROLE_CHAIN, .depth = 1, .index = 1}, "layer1", "index1"},
        {{.role = ROLE_CHAIN, .depth = 199, .index = 4000000000u},
         "layer199",
         "index4000000000"},
        {{.role = ROLE_CHAIN, .depth = 2, .index = 0}, "layer2", "layer2"},
        {{.role = ROLE_MIRROR, .index = 5}, "mirror", "index5"},
        {{.role = ROLE_MIRROR, .index = 0}, "mirror", "mirror"},
        {{.role = ROLE_SCRATCH, .index = 6}, "scratch", "index6"},
        {{.role = ROLE_SCRATCH, .index = 0}, "scratch", "scratch"},
    };
    char name[IDENTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        identity_layer(name, LAYER_FORMAT_DEPTH, &rows[i].layer);
        assert_string_equal(name, rows[i].by_depth);
        identity_layer(name, LAYER_FORMAT_INDEX, &rows[i].layer);
        assert_string_equal(name, rows[i].by_index);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_leaves_whole_characters),
        cmocka_unit_test(different_names_stay_different),
        cmocka_unit_test(long_names_stay_different),
        cmocka_unit_test(name_has_no_bad_characters),
        cmocka_unit_test(name_is_utf8),
        cmocka_unit_test(mark_tells_domains_apart),
        cmocka_unit_test(domain_by_default),
        cmocka_unit_test(different_domains_stay_different),
        cmocka_unit_test(layer_names),
    };

    return cases_run("identity", "in", name_series, tests, COUNT_OF(tests));
}
