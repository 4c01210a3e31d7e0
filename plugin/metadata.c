/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include "xmltree.h"

#include <libxml/xmlerror.h>
#include <libxml/xpath.h>
#include <string.h>

#define AS_XML(text) ((const xmlChar *)(text))

static void cleanup_context(xmlXPathContext **context)
{
    xmlXPathFreeContext(*context);
}

static void cleanup_object(xmlXPathObject **object)
{
    xmlXPathFreeObject(*object);
}

/* libxml2 prints what is wrong with an expression to stderr, in two ways: by
 * the context's handler, and by one that the thread has for everything. The
 * latter may be another plugin's. */
struct handler {
    xmlGenericErrorFunc function;
    void *context;
};

__attribute__((format(printf, 2, 3))) static void
say_nothing(void *data, const char *format, ...)
{
    (void)data;
    (void)format;
}

static struct handler silence_thread(void)
{
    struct handler before = {xmlGenericError, xmlGenericErrorContext};

    xmlSetGenericErrorFunc(NULL, say_nothing);
    return before;
}

static void restore_thread(struct handler before)
{
    xmlSetGenericErrorFunc(before.context, before.function);
}

static void silence(void *data, const xmlError *error)
{
    (void)data;
    (void)error;
}

/* The type of the handler's argument became const in libxml2 2.12. */
static xmlXPathContext *new_context(xmlDoc *doc)
{
    xmlXPathContext *context = xmlXPathNewContext(doc);

    if (context != NULL)
        context->error = (xmlStructuredErrorFunc)silence;
    return context;
}

static const xmlNode *find_element(const xmlNode *root, const char *ns)
{
    const xmlNode *metadata = xmltree_child(root, "metadata");
    const xmlNode *node = metadata == NULL ? NULL : metadata->children;

    for (; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && node->ns != NULL &&
            xmlStrEqual(node->ns->href, AS_XML(ns)))
            return node;
    return NULL;
}

/* The next element in document order below `top`. */
static xmlNode *next_element(xmlNode *node, const xmlNode *top)
{
    do {
        if (node->children != NULL && node->type == XML_ELEMENT_NODE) {
            node = node->children;
        } else {
            while (node != top && node->next == NULL)
                node = node->parent;
            if (node == top)
                return NULL;
            node = node->next;
        }
    } while (node->type != XML_ELEMENT_NODE);
    return node;
}

/* A document of its own with a copy of the element, without the namespace. */
static xmlDoc *isolate(const xmlNode *element, const char *ns)
{
    xmlDoc *doc = xmlNewDoc(NULL);
    if (doc == NULL)
        return NULL;

    xmlNode *copy = xmlDocCopyNode((xmlNode *)element, doc, 1);
    if (copy == NULL) {
        xmlFreeDoc(doc);
        return NULL;
    }
    xmlDocSetRootElement(doc, copy);
    for (xmlNode *node = copy; node != NULL; node = next_element(node, copy))
        if (node->ns != NULL && xmlStrEqual(node->ns->href, AS_XML(ns)))
            node->ns = NULL;
    return doc;
}

static char *text_of(xmlXPathObject *object)
{
    if (object->type == XPATH_NODESET &&
        (object->nodesetval == NULL || object->nodesetval->nodeNr != 1))
        return NULL;

    xmlChar *text = xmlXPathCastToString(object);
    char *copy = text == NULL || *text == '\0' ? NULL : strdup((char *)text);
    xmlFree(text);
    return copy;
}

char *metadata_read(const xmlNode *root, const char *ns, const char *xpath)
{
    const xmlNode *element = find_element(root, ns);
    CLEANUP_DOC xmlDoc *doc = element == NULL ? NULL : isolate(element, ns);
    if (doc == NULL)
        return NULL;

    __attribute__((cleanup(cleanup_context))) xmlXPathContext *context =
        new_context(doc);
    struct handler before = silence_thread();
    __attribute__((cleanup(cleanup_object))) xmlXPathObject *object =
        context == NULL ? NULL : xmlXPathEval(AS_XML(xpath), context);
    restore_thread(before);
    return object == NULL ? NULL : text_of(object);
}

/* Functions, prefixes and variables are looked up when an expression is
 * evaluated, and not before. */
bool metadata_is_xpath(const char *xpath)
{
    CLEANUP_DOC xmlDoc *empty = xmlNewDoc(NULL);
    if (empty == NULL)
        return false;

    __attribute__((cleanup(cleanup_context))) xmlXPathContext *context =
        new_context(empty);
    struct handler before = silence_thread();
    __attribute__((cleanup(cleanup_object))) xmlXPathObject *object =
        context == NULL ? NULL : xmlXPathEval(AS_XML(xpath), context);
    restore_thread(before);
    return object != NULL;
}
