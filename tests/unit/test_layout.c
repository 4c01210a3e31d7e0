/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "dump.h"
#include "fake_hypervisor.h"
#include "layout.h"
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#define SECTION "=== "

/* Sections of a case. All but the domain XML may be left out. */
struct scene {
    char *stats;
    char *xml;
    char *backup;
    char *options;
};

/* Cuts the input at its lines "=== NAME". */
static struct scene cut(char *input)
{
    struct scene scene = {.stats = NULL};
    const struct {
        const char *name;
        char **place;
    } sections[] = {{"stats\n", &scene.stats},
                    {"xml\n", &scene.xml},
                    {"backup\n", &scene.backup},
                    {"options\n", &scene.options}};
    char *mark = strstr(input, SECTION);

    while (mark != NULL) {
        char *name = mark + strlen(SECTION);
        char **place = NULL;
        for (size_t i = 0; i < COUNT_OF(sections); i++)
            if (strncmp(name, sections[i].name, strlen(sections[i].name)) == 0)
                place = sections[i].place;
        assert_non_null(place);
        *place = strchr(name, '\n') + 1;
        *mark = '\0';
        mark = strstr(*place, SECTION);
    }
    return scene;
}

static enum storage volume_of(const char *kind)
{
    if (strcmp(kind, "file") == 0)
        return STORAGE_FILE;
    if (strcmp(kind, "block") == 0)
        return STORAGE_BLOCK;
    assert_string_equal(kind, "unknown");
    return STORAGE_UNKNOWN;
}

/* Lines of the options: "volume KIND" (what every volume is), "unavailable
 * REASON" (why there is no XML), "state off", or an option of the plugin. */
static void read_options(char *text, struct fake_hypervisor *fake,
                         struct settings *settings)
{
    char error[512];
    char *line;

    while (text != NULL && (line = cases_next_line(&text)) != NULL) {
        char *value = strchr(line, ' ');
        assert_non_null(value);
        *value++ = '\0';
        if (strcmp(line, "volume") == 0)
            fake->volume = volume_of(value);
        else if (strcmp(line, "state") == 0)
            fake->domains[0].id = DOMAIN_OFF;
        else if (strcmp(line, "unavailable") == 0)
            fake->domains[0].xml_reason = value;
        else if (!settings_set(settings, line, value, error, sizeof(error)))
            fail_msg("%s", error);
    }
}

static void print_outcome(FILE *stream, enum layout_outcome outcome,
                          const char *reason, bool asked)
{
    static const char *const outcomes[] = {[LAYOUT_GONE] = "gone",
                                           [LAYOUT_REFUSED] = "refused",
                                           [LAYOUT_BAD] = "bad",
                                           [LAYOUT_LOOSE] = "loose",
                                           [LAYOUT_DONE] = "done"};

    fprintf(stream, "%s", outcomes[outcome]);
    if (outcome == LAYOUT_BAD || outcome == LAYOUT_REFUSED)
        fprintf(stream, ": %s", reason);
    fprintf(stream, "%s\n", asked ? ", asked for a backup" : "");
}

static char *lay_out(char *input)
{
    struct scene scene = cut(input);
    struct settings *settings = settings_new();
    struct fake_hypervisor fake;
    struct domain domain = {.disk_count = 0};

    fake_start(&fake, 1);
    fake.domains[0].name = "vm1";
    fake.domains[0].xml = scene.xml;
    fake.domains[0].backup = scene.backup;
    fake_state(&fake.domains[0], scene.stats);
    read_options(scene.options, &fake, settings);

    const struct hypervisor table = fake_table(&fake);
    const struct domain_ref ref = fake_ref(&fake.domains[0]);
    const char *reason = NULL;
    enum layout_outcome outcome =
        layout_read(&domain, &table, &ref, &fake.domains[0].stats, NULL,
                    &settings->select, &reason);

    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);
    print_outcome(stream, outcome, reason, fake.backups > 0);
    dump_domain(stream, &domain);
    fclose(stream);
    domain_clear(&domain);
    fake_stop(&fake);
    settings_free(settings);
    return output;
}

/* In these two outcomes the domain is as before. */
static void failure_leaves_the_domain_alone(void **state)
{
    static const char *const texts[] = {NULL, "no XML"};
    struct domain domain = {.disk_count = 0};
    struct select select = {.ignore = false};
    struct fake_hypervisor fake;
    const char *reason = NULL;

    (void)state;
    fake_start(&fake, 1);
    fake.domains[0].name = "vm1";
    domain_add_disk(&domain, "vda");
    const struct hypervisor table = fake_table(&fake);
    const struct domain_ref ref = fake_ref(&fake.domains[0]);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        fake.domains[0].xml = texts[i];
        assert_int_equal(layout_read(&domain, &table, &ref,
                                     &fake.domains[0].stats, NULL, &select,
                                     &reason),
                         i == 0 ? LAYOUT_GONE : LAYOUT_BAD);
        assert_int_equal(domain.disk_count, 1);
    }
    domain_clear(&domain);
    fake_stop(&fake);
}

/* The statistics are those of run 3 of the domain, the XML is of another, or
 * of none: what they say does not belong together. */
static void xml_of_another_run_is_that_of_none(void **state)
{
    static const char *const texts[] = {"<domain id='4'/>", "<domain/>"};
    struct domain domain = {.disk_count = 0};
    struct select select = {.ignore = false};
    struct fake_hypervisor fake;
    const char *reason = NULL;

    (void)state;
    fake_start(&fake, 1);
    fake.domains[0].name = "vm1";
    /* The fake then adds no id of its own. */
    fake.domains[0].id = DOMAIN_OFF;
    const struct hypervisor table = fake_table(&fake);
    struct domain_ref ref = fake_ref(&fake.domains[0]);
    ref.id = 3;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        fake.domains[0].xml = texts[i];
        assert_int_equal(layout_read(&domain, &table, &ref,
                                     &fake.domains[0].stats, NULL, &select,
                                     &reason),
                         LAYOUT_GONE);
        assert_null(reason);
    }
    domain_clear(&domain);
    fake_stop(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_leaves_the_domain_alone),
        cmocka_unit_test(xml_of_another_run_is_that_of_none),
    };

    return cases_run("layout", "in", lay_out, tests, COUNT_OF(tests));
}
