/* SPDX-License-Identifier: MIT */
#include "config_tree.h"

#include "metadata.h"

#include <stdio.h>
#include <string.h>

#define ERROR_SIZE 512
#define NUMBER_SIZE 32

/* An option's only value as text; `buffer` is for those that are not. NULL
 * where it has more than one value, none, or a block of its own. */
static const char *value_text(const oconfig_item_t *item,
                              char buffer[NUMBER_SIZE])
{
    if (item->values_num != 1 || item->children_num != 0)
        return NULL;

    const oconfig_value_t *value = &item->values[0];
    switch (value->type) {
    case OCONFIG_TYPE_STRING:
        return value->value.string;
    case OCONFIG_TYPE_NUMBER:
        snprintf(buffer, NUMBER_SIZE, "%.15g", value->value.number);
        return buffer;
    case OCONFIG_TYPE_BOOLEAN:
        return value->value.boolean ? "true" : "false";
    default:
        return NULL;
    }
}

static bool apply(const oconfig_item_t *item, struct settings *settings,
                  char ret_error[ERROR_SIZE])
{
    char buffer[NUMBER_SIZE];
    const char *value = value_text(item, buffer);

    if (value == NULL) {
        snprintf(ret_error, ERROR_SIZE,
                 "option %s: %d values%s are not allowed; allowed is one "
                 "value, in quotes where it has spaces",
                 item->key, item->values_num,
                 item->children_num > 0 ? " and a block" : "");
        return false;
    }
    return settings_set(settings, item->key, value, ret_error, ERROR_SIZE);
}

/* XPath is libxml2's, of which the settings know nothing. */
static bool check(const struct settings *settings, char ret_error[ERROR_SIZE])
{
    if (!metadata_is_xpath(settings->metadata_xpath)) {
        snprintf(ret_error, ERROR_SIZE,
                 "option HostnameMetadataXPath: \"%.100s\" is not allowed; "
                 "allowed is an XPath expression",
                 settings->metadata_xpath);
        return false;
    }
    return settings_check(settings, ret_error, ERROR_SIZE);
}

bool config_tree_apply(const oconfig_item_t *block, struct settings *settings,
                       const struct log *log)
{
    char error[ERROR_SIZE];
    bool good = true;

    for (int i = 0; i < block->children_num; i++)
        if (!apply(&block->children[i], settings, error)) {
            log_print(log, LOG_LEVEL_ERROR, "%s", error);
            good = false;
        }
    if (good && !check(settings, error)) {
        log_print(log, LOG_LEVEL_ERROR, "%s", error);
        good = false;
    }
    return good;
}
