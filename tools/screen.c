/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "keys.h"
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

/* That stay: title, complaint, the table's head. */
#define HEAD_LINES 3

#define STEP 8 /* columns to the side */

struct screen {
    const struct options *options;
    struct painter *painter;
    const struct picture *picture; /* NULL: there is none yet */
    bool looking;
    double begun; /* when the last look did */
    struct keys keys;
    size_t rows, width; /* of the terminal */
    /* Of the table, without its head: */
    size_t lines;   /* that there are ... */
    size_t page;    /* ... and that have room */
    size_t columns; /* of the widest */
    size_t first;   /* the line and the column that are seen first */
    size_t left;
};

/* --- the part of the table that is seen ---------------------------------- */

static const char *table_of(const struct screen *screen)
{
    return screen->picture != NULL && screen->picture->table != NULL
               ? screen->picture->table
               : "";
}

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

static size_t less(size_t number, size_t by)
{
    return number > by ? number - by : 0;
}

static void measure_table(struct screen *screen)
{
    const char *line = table_of(screen);

    screen->lines = screen->columns = 0;
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        size_t columns = text_columns(line, length);
        screen->lines++;
        if (columns > screen->columns)
            screen->columns = columns;
        line += length + (line[length] == '\n');
    }
    screen->lines = less(screen->lines, 1);
}

/* Whether the last line of the screen says what is not seen. */
static bool has_foot(const struct screen *screen)
{
    return screen->lines > screen->page;
}

static void stay_within(struct screen *screen)
{
    screen->first = least(screen->first, less(screen->lines, screen->page));
    screen->left = least(screen->left, less(screen->columns, screen->width));
}

/* The terminal's last column stays free: there the cursor stands on what was
 * written, and REST_OF_LINE would take it away. */
static void lay_out(struct screen *screen)
{
    struct list_form form;

    screen->rows = (size_t)list_form_of_terminal(&form, false);
    screen->width = (size_t)form.width - 1;
    measure_table(screen);
    screen->page = less(screen->rows, HEAD_LINES);
    if (has_foot(screen) && screen->page > 1)
        screen->page--;
    /* Where libvirt does not answer the place is kept for when it does. */
    if (screen->lines > 0)
        stay_within(screen);
}

static void scroll(struct screen *screen, enum key key)
{
    size_t page = screen->page > 0 ? screen->page : 1;

    switch (key) {
    case KEY_UP:
        screen->first = less(screen->first, 1);
        break;
    case KEY_DOWN:
        screen->first++;
        break;
    case KEY_LEFT:
        screen->left = less(screen->left, STEP);
        break;
    case KEY_RIGHT:
        screen->left += STEP;
        break;
    case KEY_PAGE_UP:
        screen->first = less(screen->first, page);
        break;
    case KEY_PAGE_DOWN:
        screen->first += page;
        break;
    case KEY_HOME:
        screen->first = 0;
        break;
    case KEY_END:
        screen->first = screen->lines;
        break;
    case KEY_NONE:
    case KEY_QUIT:
        break;
    }
    stay_within(screen);
}

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

/* In the second line: what is wrong. */
static void print_complaint(FILE *out, const struct screen *screen)
{
    if (screen->picture != NULL)
        text_put(out, screen->picture->complaint);
    putc('\n', out);
}

static void print_foot(FILE *out, const struct screen *screen)
{
    size_t below = less(screen->lines, screen->first + screen->page);
    size_t above = screen->first;

    fputs("... ", out);
    if (below > 0)
        fprintf(out, "%zu more line%s", below, below == 1 ? "" : "s");
    if (below > 0 && above > 0)
        fprintf(out, ", %zu above", above);
    else if (above > 0)
        fprintf(out, "%zu line%s above", above, above == 1 ? "" : "s");
    putc('\n', out);
}

struct frame {
    FILE *out;
    size_t row, rows;
    size_t width;
};

/* Puts at the most `count` lines of a text, each over what was there before:
 * nothing is cleared first, so nothing flickers. Returns what follows. */
static const char *put_lines(struct frame *frame, const char *text,
                             size_t count, size_t left)
{
    for (; count > 0 && *text != '\0' && frame->row < frame->rows; count--) {
        size_t length = strcspn(text, "\n");
        fputs(frame->row++ > 0 ? "\r\n" : HOME, frame->out);
        text_put_columns(frame->out, text, length, left, frame->width);
        fputs(REST_OF_LINE, frame->out);
        text += length + (text[length] == '\n');
    }
    return text;
}

static const char *skip_lines(const char *text, size_t count)
{
    for (; count > 0 && *text != '\0'; count--) {
        size_t length = strcspn(text, "\n");
        text += length + (text[length] == '\n');
    }
    return text;
}

static void put_table(struct frame *frame, const struct screen *screen)
{
    const char *body = put_lines(frame, table_of(screen), 1, screen->left);

    put_lines(frame, skip_lines(body, screen->first), screen->page,
              screen->left);
}

/* One of the texts above. */
static void put_text(struct frame *frame, const struct screen *screen,
                     void (*print)(FILE *out, const struct screen *screen))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (out == NULL)
        return;
    print(out, screen);
    fclose(out);
    put_lines(frame, text, 1, 0);
    free(text);
}

static void draw(struct screen *screen)
{
    struct frame frame = {0};
    char *text = NULL;
    size_t length = 0;

    lay_out(screen);
    frame = (struct frame){open_memstream(&text, &length), 0, screen->rows,
                           screen->width};
    if (frame.out == NULL)
        return;
    put_text(&frame, screen, print_title);
    put_text(&frame, screen, print_complaint);
    put_table(&frame, screen);
    if (has_foot(screen))
        put_text(&frame, screen, print_foot);
    fputs(REST_OF_SCREEN, frame.out);
    fclose(frame.out);
    terminal_write(text, length);
    free(text);
}

/* --- time ---------------------------------------------------------------- */

static void begin_look(struct screen *screen)
{
    struct list_form form;

    list_form_of_terminal(&form, screen->options->bytes);
    form.width--; /* as lay_out() has it */
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

/* False when it is to end. */
static bool obey(struct screen *screen, const struct terminal_news *news)
{
    for (size_t i = 0; i < news->count; i++) {
        enum key key = keys_take(&screen->keys, news->typed[i]);
        if (key == KEY_QUIT)
            return false;
        scroll(screen, key);
    }
    return !news->over;
}

static void watch(struct screen *screen)
{
    struct terminal_news news = {0};
    bool resized = false;

    while (obey(screen, &news)) {
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
