/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "domxml.h"
#include "dump.h"
#include "metadata.h"

#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOVA_NS "http://openstack.org/xmlns/libvirt/nova/1.1"
#define NOVA_XPATH "/instance/name/text()"

/* A case may begin with the line "<!-- query NAMESPACE XPATH -->". */
static struct metadata_query query_of(char **input)
{
    static const char mark[] = "<!-- query ";
    struct metadata_query query = {NOVA_NS, NOVA_XPATH};

    if (strncmp(*input, mark, strlen(mark)) != 0)
        return query;
    char *ns = *input + strlen(mark);
    char *xpath = strchr(ns, ' ');
    assert_non_null(xpath);
    char *end = strstr(xpath, " -->\n");
    assert_non_null(end);
    *xpath++ = '\0';
    *end = '\0';
    *input = end + strlen(" -->\n");
    return (struct metadata_query){ns, xpath};
}

static char *dump_or_refuse(const struct domain *domain, bool good)
{
    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);

    if (!good)
        fprintf(stream, "refused\n");
    dump_domain(stream, domain);
    if (good && domain->disk_count == 0 && domain->metadata == NULL)
        fprintf(stream, "(nothing)\n");
    fclose(stream);
    return output;
}

static char *read_domain(char *input)
{
    struct metadata_query query = query_of(&input);
    struct domain domain = {.disk_count = 0};
    bool good = domxml_read(input, &query, &domain);
    char *output = dump_or_refuse(&domain, good);

    domain_clear(&domain);
    return output;
}

/* Onto a domain with the disks vda and vdb, each of one layer. */
static char *read_backup(char *input)
{
    static const char xml[] =
        "<domain><devices>"
        "<disk type='file'><driver type='qcow2'/>"
        "<source file='/images/a' index='1'/><target dev='vda'/></disk>"
        "<disk type='file'><driver type='raw'/>"
        "<source file='/images/b' index='2'/><target dev='vdb'/></disk>"
        "</devices></domain>";
    struct domain domain = {.disk_count = 0};

    assert_true(domxml_read(xml, NULL, &domain));
    bool good = domxml_read_backup(input, &domain);
    char *output = dump_or_refuse(&domain, good);
    domain_clear(&domain);
    return output;
}

/* --- a text that is made piece by piece ---------------------------------- */

static void repeat(FILE *stream, const char *text, size_t times)
{
    while (times-- > 0)
        fputs(text, stream);
}

/* A domain of one disk with that many images, each with an index. */
static char *deep_chain(unsigned images)
{
    char *xml;
    size_t length;
    FILE *stream = open_memstream(&xml, &length);

    fprintf(stream, "<domain><devices><disk type='file'>"
                    "<driver type='qcow2'/><source file='/0' index='1'/>");
    for (unsigned i = 1; i < images; i++)
        fprintf(stream,
                "<backingStore type='file' index='%u'>"
                "<format type='qcow2'/><source file='/%u'/>",
                i + 1, i);
    fprintf(stream, "<backingStore/>");
    repeat(stream, "</backingStore>", images - 1);
    fprintf(stream, "<target dev='vda'/></disk></devices></domain>");
    fclose(stream);
    return xml;
}

/* libvirt's chains end at 200. */
static void chain_of_two_hundred(void **state)
{
    struct domain domain = {.disk_count = 0};
    char *xml = deep_chain(200);

    (void)state;
    assert_true(domxml_read(xml, NULL, &domain));
    assert_int_equal(domain.disk_count, 1);
    assert_int_equal(disk_chain_length(&domain.disks[0]), 200);
    for (unsigned i = 0; i < 200; i++) {
        const struct layer *layer = &domain.disks[0].layers[i];
        char path[16];
        snprintf(path, sizeof(path), "/%u", i);
        assert_int_equal(layer->depth, i);
        assert_int_equal(layer->index, i + 1);
        assert_string_equal(layer->path, path);
    }
    domain_clear(&domain);
    free(xml);
}

/* Refused, and the stack is still there. */
static void chain_without_end(void **state)
{
    struct domain domain = {.disk_count = 0};
    char *xml = deep_chain(50000);

    (void)state;
    assert_false(domxml_read(xml, NULL, &domain));
    assert_int_equal(domain.disk_count, 0);
    free(xml);
}

/* Good XML of exactly `size` bytes. */
static char *padded(size_t size)
{
    static const char start[] = "<domain><devices><disk type='file'>"
                                "<target dev='vda'/></disk></devices><!--";
    static const char end[] = "--></domain>";
    size_t fill = size - strlen(start) - strlen(end);
    char *xml = malloc(size + 1);

    assert_non_null(xml);
    memcpy(xml, start, strlen(start));
    memset(xml + strlen(start), 'x', fill);
    strcpy(xml + strlen(start) + fill, end);
    return xml;
}

static void size_is_bounded(void **state)
{
    struct domain domain = {.disk_count = 0};
    char *largest = padded(DOMXML_SIZE_MAX);
    char *larger = padded(DOMXML_SIZE_MAX + 1);

    (void)state;
    assert_true(domxml_read(largest, NULL, &domain));
    assert_int_equal(domain.disk_count, 1);
    assert_false(domxml_read(larger, NULL, &domain));
    assert_int_equal(domain.disk_count, 1);
    domain_clear(&domain);
    free(larger);
    free(largest);
}

static void many_disks(void **state)
{
    struct domain domain = {.disk_count = 0};
    char *xml;
    size_t length;
    FILE *stream = open_memstream(&xml, &length);

    (void)state;
    fprintf(stream, "<domain><devices>");
    for (unsigned i = 0; i < 1000; i++)
        fprintf(stream,
                "<disk type='block'><source dev='/dev/%u'/>"
                "<target dev='d%u'/></disk>",
                i, i);
    fprintf(stream, "</devices></domain>");
    fclose(stream);
    assert_true(domxml_read(xml, NULL, &domain));
    assert_int_equal(domain.disk_count, 1000);
    assert_string_equal(domain.disks[999].target, "d999");
    assert_string_equal(domain.disks[999].layers[0].path, "/dev/999");
    domain_clear(&domain);
    free(xml);
}

/* --- what was there before ----------------------------------------------- */

static void new_reading_replaces_the_old(void **state)
{
    struct metadata_query query = {"urn:x", "/a"};
    struct domain domain = {.name = strdup("vm1"), .id = 7};

    (void)state;
    assert_true(domxml_read("<domain><metadata><a xmlns='urn:x'>one</a>"
                            "</metadata><devices><disk type='file'>"
                            "<source file='/a'/><target dev='vda'/></disk>"
                            "</devices></domain>",
                            &query, &domain));
    assert_string_equal(domain.metadata, "one");
    assert_true(domxml_read("<domain><devices><disk type='file'>"
                            "<target dev='hda'/></disk></devices></domain>",
                            &query, &domain));
    assert_null(domain.metadata);
    assert_int_equal(domain.disk_count, 1);
    assert_string_equal(domain.disks[0].target, "hda");
    assert_int_equal(domain.disks[0].layer_count, 0);
    /* What is not the XML's to say. */
    assert_string_equal(domain.name, "vm1");
    /* That it runs is, and here it says that it does not. */
    assert_int_equal(domain.id, DOMAIN_OFF);
    domain_clear(&domain);
}

static void refused_reading_changes_nothing(void **state)
{
    static const char *const bad[] = {"", " ", "<domain>", "<domainbackup/>",
                                      "<!DOCTYPE domain><domain/>"};
    struct domain domain = {.metadata = strdup("web")};

    (void)state;
    domain_add_disk(&domain, "vda");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(domxml_read(bad[i], NULL, &domain));
        assert_int_equal(domain.disk_count, 1);
        assert_string_equal(domain.metadata, "web");
        assert_false(
            domxml_read_backup(i == 3 ? "<domain/>" : bad[i], &domain));
        assert_int_equal(domain.disks[0].layer_count, 0);
    }
    domain_clear(&domain);
}

/* Only a domain that runs has one. */
static void id_of_the_run(void **state)
{
    struct domain domain = {.id = 7};

    (void)state;
    assert_true(domxml_read("<domain id='3'/>", NULL, &domain));
    assert_int_equal(domain.id, 3);
    assert_true(domxml_read("<domain/>", NULL, &domain));
    assert_int_equal(domain.id, DOMAIN_OFF);
    assert_true(domxml_read("<domain id='2147483648'/>", NULL, &domain));
    assert_int_equal(domain.id, DOMAIN_OFF);
    assert_true(domxml_read("<domain id='4'/>", NULL, &domain));
    assert_false(domxml_read("<domain id='5'>", NULL, &domain));
    assert_int_equal(domain.id, 4);
    domain_clear(&domain);
}

/* --- what a disk says of itself ------------------------------------------- */

static void chains_that_are_given(void **state)
{
    static const struct {
        const char *xml;
        bool given;
        bool readonly;
    } disks[] = {
        {"", false, false},
        {"<readonly/>", false, true},
        /* The end of a chain is one that is said. */
        {"<backingStore/>", true, false},
        {"<backingStore type='file'><format type='raw'/><source file='/b'/>"
         "</backingStore>",
         false, false},
        {"<backingStore type='file'><format type='raw'/><source file='/b'/>"
         "<backingStore/></backingStore>",
         true, false},
        {"<mirror type='file'><source file='/m'/><readonly/><backingStore/>"
         "</mirror>",
         false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(disks); i++) {
        struct domain domain = {.disk_count = 0};
        char xml[512];
        snprintf(xml, sizeof(xml),
                 "<domain><devices><disk type='file'><source file='/a'/>%s"
                 "<target dev='vda'/></disk></devices></domain>",
                 disks[i].xml);
        assert_true(domxml_read(xml, NULL, &domain));
        assert_int_equal(domain.disk_count, 1);
        assert_int_equal(domain.disks[0].given, disks[i].given);
        assert_int_equal(domain.disks[0].readonly, disks[i].readonly);
        domain_clear(&domain);
    }
}

/* --- XPath --------------------------------------------------------------- */

static void expressions_are_told_from_nonsense(void **state)
{
    static const char *const good[] = {"/instance/name/text()", "/a/@b",
                                       "string(/a)", "//b[1]", "."};
    static const char *const bad[] = {
        "/a[", "", "/a/@", "///", "a b",
        /* What can be parsed, but never evaluated. */
        "no-such-function(/a)", "string(/a, 2)", "/p:a", "p:f()", "$variable"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(metadata_is_xpath(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(metadata_is_xpath(bad[i]));
}

/* Leads stderr into a file. */
static int divert_stderr(FILE *file)
{
    int saved = dup(STDERR_FILENO);

    assert_true(saved >= 0);
    fflush(stderr);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    return saved;
}

static void restore_stderr(int saved)
{
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
}

/* stderr is the daemon's, and belongs to nobody else. */
static void nothing_is_printed(void **state)
{
    static const char *const expressions[] = {"/a[", "no-such-function(/a)",
                                              "/p:a", "$variable"};
    static const char xml[] =
        "<domain><metadata><a xmlns='urn:x'>1</a></metadata></domain>";
    struct domain domain = {.disk_count = 0};
    FILE *file = tmpfile();

    (void)state;
    assert_non_null(file);
    int saved = divert_stderr(file);
    domxml_read("<domain", NULL, &domain);
    domxml_read("<domain>&what;</domain>", NULL, &domain);
    domxml_read_backup("<!DOCTYPE a [<!ENTITY b '&c;'>]><a>&b;</a>", &domain);
    for (size_t i = 0; i < COUNT_OF(expressions); i++) {
        const struct metadata_query query = {"urn:x", expressions[i]};
        metadata_is_xpath(expressions[i]);
        domxml_read(xml, &query, &domain);
    }
    restore_stderr(saved);
    domain_clear(&domain);

    char printed[256] = "";
    rewind(file);
    printed[fread(printed, 1, sizeof(printed) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(printed, "");
}

__attribute__((format(printf, 2, 3))) static void
count_message(void *context, const char *format, ...)
{
    (void)format;
    ++*(unsigned *)context;
}

/* Another plugin of the daemon may use libxml2 as well. */
static void handler_of_others_is_left_in_place(void **state)
{
    struct metadata_query query = {"urn:x", "no-such-function(/a)"};
    struct domain domain = {.disk_count = 0};
    unsigned messages = 0;

    (void)state;
    xmlSetGenericErrorFunc(&messages, count_message);
    metadata_is_xpath("/a[");
    domxml_read("<domain><metadata><a xmlns='urn:x'/></metadata></domain>",
                &query, &domain);
    assert_int_equal(messages, 0);
    assert_ptr_equal(xmlGenericErrorContext, &messages);
    assert_true(xmlGenericError == count_message);
    xmlSetGenericErrorFunc(NULL, NULL);
    domain_clear(&domain);
}

/* The digest of what names the image in that <source>. */
static uint64_t source_of(const char *type, const char *source)
{
    struct domain domain = {.disk_count = 0};
    char *xml;

    assert_true(asprintf(&xml,
                         "<domain><devices><disk type='%s'>%s"
                         "<target dev='vda'/></disk></devices></domain>",
                         type, source) > 0);
    assert_true(domxml_read(xml, NULL, &domain));
    uint64_t digest = domain.disks[0].layers[0].source;
    domain_clear(&domain);
    free(xml);
    return digest;
}

static void images_without_a_path_are_told_apart(void **state)
{
    static const char *const sources[][2] = {
        {"network", "<source protocol='nbd' name='a'>"
                    "<host name='h' port='1'/></source>"},
        {"network", "<source protocol='rbd' name='a'>"
                    "<host name='h' port='1'/></source>"},
        {"network", "<source protocol='nbd' name='b'>"
                    "<host name='h' port='1'/></source>"},
        {"network", "<source protocol='nbd' name='a'>"
                    "<host name='i' port='1'/></source>"},
        {"network", "<source protocol='nbd' name='a'>"
                    "<host name='h' port='2'/></source>"},
        {"network", "<source protocol='nbd' name='a'/>"},
        {"network", "<source protocol='nbd'>"
                    "<host transport='unix' socket='/a'/></source>"},
        {"network", "<source protocol='nbd'>"
                    "<host transport='unix' socket='/b'/></source>"},
        {"volume", "<source pool='p' volume='v'/>"},
        {"volume", "<source pool='p' volume='w'/>"},
        {"volume", "<source pool='q' volume='v'/>"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        for (size_t j = 0; j < COUNT_OF(sources); j++)
            assert_int_equal(source_of(sources[i][0], sources[i][1]) ==
                                 source_of(sources[j][0], sources[j][1]),
                             i == j);
    /* As libvirt numbers it in another run. */
    assert_true(source_of("network",
                          "<source protocol='nbd' name='a' index='7'>"
                          "<host name='h' port='1'/></source>") ==
                source_of(sources[0][0], sources[0][1]));
    assert_true(source_of("file", "<source file='/a'/>") == 0);
}

/* A shallow copy goes on with images of its own, or with those of the chain. */
static void images_below_mirrors(void **state)
{
    static const char xml[] =
        "<domain><devices>"
        "<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
        "<disk type='file'><source file='/b'/><target dev='vdb'/>"
        "<mirror type='file' job='copy'><source file='/c'/>"
        "<backingStore type='block' index='5'><format type='qcow2'/>"
        "<source dev='/d'/><backingStore type='file'><source file='/e'/>"
        "<backingStore/></backingStore></backingStore></mirror></disk>"
        "</devices></domain>";
    struct domain domain = {0};

    (void)state;
    assert_true(domxml_read_below_mirrors(xml, &domain));
    assert_int_equal(domain.disk_count, 1);
    assert_string_equal(domain.disks[0].target, "vdb");
    assert_int_equal(domain.disks[0].layer_count, 2);
    const struct layer *layers = domain.disks[0].layers;
    assert_int_equal(layers[0].storage, STORAGE_BLOCK);
    assert_string_equal(layers[0].path, "/d");
    assert_string_equal(layers[0].format, "qcow2");
    assert_int_equal(layers[0].depth, 1);
    assert_string_equal(layers[1].path, "/e");
    assert_null(layers[1].format);
    domain_clear(&domain);
    assert_false(domxml_read_below_mirrors("<domain", &domain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_of_two_hundred),
        cmocka_unit_test(chain_without_end),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(many_disks),
        cmocka_unit_test(new_reading_replaces_the_old),
        cmocka_unit_test(refused_reading_changes_nothing),
        cmocka_unit_test(id_of_the_run),
        cmocka_unit_test(chains_that_are_given),
        cmocka_unit_test(expressions_are_told_from_nonsense),
        cmocka_unit_test(images_without_a_path_are_told_apart),
        cmocka_unit_test(images_below_mirrors),
        cmocka_unit_test(nothing_is_printed),
        cmocka_unit_test(handler_of_others_is_left_in_place),
    };
    int domains =
        cases_run("domxml", "xml", read_domain, tests, COUNT_OF(tests));

    return cases_run("backup", "xml", read_backup, NULL, 0) + domains;
}
