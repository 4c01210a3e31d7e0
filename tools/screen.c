/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "painter.h"
#include "terminal.h"
#include "text.h"
#include "threads.h"

#include <stdlib.h>
#include <string.h>

#define HOME "\033[H"
#define REST_OF_LINE "\033[K"
#define REST_OF_SCREEN "\033[J"

/* A look that takes longer is late: it is told how old the figures are. */
#define LATE 1.0 /* seconds */

struct screen {
    const struct options *options;
    struct painter *painter;
    const struct picture *picture; /* NULL: there is none yet */
    bool looking;
    double begun; /* when the last look did */
};

/* --- a frame ------------------------------------------------------------- */

static bool is_late(const struct screen *screen)
{
    return screen->looking && threads_now() >= screen->begun + LATE;
}

static void print_clock(FILE *out, const struct screen *screen)
{
    char clock[16] = "";
    struct tm local;

    if (localtime_r(&screen->picture->clock, &local) != NULL)
        strftime(clock, sizeof(clock), " %H:%M:%S", &local);
    fputs(clock, out);
    if (is_late(screen) && screen->picture->table != NULL)
        fprintf(out, " (%.0f s old)", threads_now() - screen->picture->taken);
}

static void print_title(FILE *out, const struct screen *screen)
{
    const struct picture *picture = screen->picture;

    fputs("virt-backing", out);
    if (picture != NULL)
        print_clock(out, screen);
    fprintf(out, ", every %g s", screen->options->watch);
    if (picture == NULL)
        fputs(": waiting for libvirt", out);
    else if (picture->table == NULL)
        fputs(": libvirt does not answer", out);
    else if (picture->hostname != NULL)
        fprintf(out, ", %s", picture->hostname);
    if (picture != NULL && picture->stalled > 0)
        fprintf(out, ": %zu do not answer", picture->stalled);
    fputs("; q ends it\n", out);
}

/* As many lines as there is room for, each over what was there before: nothing
 * is cleared first, so nothing flickers. */
static void show(const char *text, int rows)
{
    char *frame = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&frame, &length);
    if (out == NULL)
        return;

    fputs(HOME, out);
    for (int row = 0; row < rows && *text != '\0'; row++) {
        size_t line = strcspn(text, "\n");
        fprintf(out, "%.*s" REST_OF_LINE "%s", (int)line, text,
                row + 1 < rows ? "\r\n" : "");
        text += line + (text[line] == '\n');
    }
    fputs(REST_OF_SCREEN, out);
    fclose(out);
    terminal_write(frame, length);
    free(frame);
}

/* In the second line: what is wrong. */
static void draw(const struct screen *screen)
{
    const struct picture *picture = screen->picture;
    struct list_form form;
    char *text = NULL;
    size_t length = 0;
    int rows = list_form_of_terminal(&form, screen->options->bytes);
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return;

    print_title(out, screen);
    if (picture != NULL)
        text_put(out, picture->complaint);
    putc('\n', out);
    if (picture != NULL && picture->table != NULL)
        fputs(picture->table, out);
    fclose(out);
    show(text, rows);
    free(text);
}

/* --- time ---------------------------------------------------------------- */

static void begin_look(struct screen *screen)
{
    struct list_form form;

    list_form_of_terminal(&form, screen->options->bytes);
    /* The last column stays free: there the cursor stands on what was written,
     * and REST_OF_LINE would take it away. */
    form.width--;
    screen->looking = true;
    screen->begun = threads_now();
    painter_begin(screen->painter, &form);
}

static void take_look(struct screen *screen)
{
    const struct picture *picture = painter_take(screen->painter);

    if (picture == NULL)
        return;
    screen->picture = picture;
    screen->looking = false;
}

/* When there is something to be done, if nothing happens before: the next look,
 * or another age. */
static double next_time(const struct screen *screen)
{
    double now = threads_now();

    if (!screen->looking)
        return screen->begun + screen->options->watch;
    return is_late(screen) ? now + 1 : screen->begun + LATE;
}

static bool wants_end(const struct terminal_news *news)
{
    return news->over || memchr(news->typed, 'q', news->count) != NULL ||
           memchr(news->typed, 'Q', news->count) != NULL;
}

static void watch(struct screen *screen)
{
    struct terminal_news news = {0};
    bool resized = false;

    while (!wants_end(&news)) {
        take_look(screen);
        /* For another size lines are made anew. */
        resized = resized || news.resized;
        if (!screen->looking &&
            (resized || threads_now() >= next_time(screen))) {
            begin_look(screen);
            resized = false;
        }
        draw(screen);
        terminal_wait(painter_descriptor(screen->painter), next_time(screen),
                      &news);
    }
}

bool screen_watch(struct host *host, const struct options *options)
{
    struct screen screen = {.options = options};

    screen.painter = painter_new(host);
    if (screen.painter == NULL)
        complain("not started: no memory, or no thread to be had");
    else if (terminal_take()) {
        complain_quietly(true);
        watch(&screen);
        painter_free(screen.painter);
        complain_quietly(false);
        terminal_leave();
        return true;
    }
    painter_free(screen.painter);
    return false;
}
