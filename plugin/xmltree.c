/* SPDX-License-Identifier: MIT */
#include "xmltree.h"

#include <libxml/parser.h>
#include <string.h>

#define AS_XML(text) ((const xmlChar *)(text))

xmlDoc *xmltree_parse(const char *xml, size_t limit, const char *root)
{
    size_t length = strnlen(xml, limit + 1);
    if (length > limit)
        return NULL;

    xmlDoc *doc = xmlReadMemory(xml, (int)length, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR |
                                    XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS);
    if (doc == NULL)
        return NULL;

    const xmlNode *top = xmlDocGetRootElement(doc);
    if (doc->intSubset != NULL || top == NULL ||
        !xmlStrEqual(top->name, AS_XML(root))) {
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

static const xmlNode *first(const xmlNode *node, const char *name)
{
    for (; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE &&
            xmlStrEqual(node->name, AS_XML(name)))
            return node;
    return NULL;
}

const xmlNode *xmltree_child(const xmlNode *node, const char *name)
{
    return first(node->children, name);
}

const xmlNode *xmltree_next(const xmlNode *node, const char *name)
{
    return first(node->next, name);
}

bool xmltree_has(const xmlNode *node, const char *attribute)
{
    return xmlHasNsProp((xmlNode *)node, AS_XML(attribute), NULL) != NULL;
}

char *xmltree_attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp((xmlNode *)node, AS_XML(name));
    if (value == NULL)
        return NULL;

    char *copy = strdup((const char *)value);
    xmlFree(value);
    return copy;
}

char *xmltree_child_attribute(const xmlNode *node, const char *child,
                              const char *name)
{
    const xmlNode *element = xmltree_child(node, child);

    return element == NULL ? NULL : xmltree_attribute(element, name);
}

char *xmltree_text(const xmlNode *node)
{
    static const char space[] = " \t\r\n";
    xmlChar *content = xmlNodeGetContent(node);
    if (content == NULL)
        return NULL;

    const char *text = (const char *)content;
    text += strspn(text, space);
    size_t length = strlen(text);
    while (length > 0 && strchr(space, text[length - 1]) != NULL)
        length--;
    char *copy = length == 0 ? NULL : strndup(text, length);
    xmlFree(content);
    return copy;
}
