/* SPDX-License-Identifier: MIT */
#include "survey.h"

#include <stdlib.h>
#include <string.h>

/* The task is the first member. */
static struct survey *survey_of(struct porters_task *task)
{
    return (struct survey *)task;
}

static void walk(struct porters_task *task)
{
    struct survey *survey = survey_of(task);

    walk_chain(survey->images, survey->path, survey->format, survey->depth,
               &survey->walk);
}

bool survey_ask(struct porters *porters, const struct images *images,
                uint64_t question, const unsigned char uuid[UUID_BYTES],
                const struct layer *layer, size_t depth)
{
    struct survey *survey = calloc(1, sizeof(*survey));
    if (survey == NULL)
        return false;

    survey->task = (struct porters_task){
        .place = layer->place, .work = walk, .returned = true};
    survey->images = images;
    survey->question = question;
    memcpy(survey->uuid, uuid, UUID_BYTES);
    survey->depth = depth;
    survey->path = strdup(layer->path);
    survey->format = strdup(layer->format);
    if (survey->path == NULL || survey->format == NULL ||
        !porters_give(porters, &survey->task)) {
        survey_free(survey);
        return false;
    }
    return true;
}

struct survey *survey_collect(struct porters *porters)
{
    return survey_of(porters_collect(porters));
}

void survey_free(struct survey *survey)
{
    if (survey == NULL)
        return;
    walk_clear(&survey->walk);
    free(survey->path);
    free(survey->format);
    free(survey);
}

void survey_drop(struct porters_task *task)
{
    survey_free(survey_of(task));
}
