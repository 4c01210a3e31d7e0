/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "complain.h"
#include "list.h"
#include "text.h"
#include "threads.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* What xterm and all its kin understand (ECMA-48, and private modes: the
 * alternate screen, no cursor, no lines that go on in the next). */
#define ALTERNATE_ON "\033[?1049h\033[?25l\033[?7l"
#define ALTERNATE_OFF "\033[?7h\033[?25h\033[?1049l"
#define HOME "\033[H"
#define REST_OF_LINE "\033[K"
#define REST_OF_SCREEN "\033[J"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* A new size is seen at once: it ends a wait. */
static void ignore(int number)
{
    (void)number;
}

static void on_signal(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t done = write(STDOUT_FILENO, text, length);
        if (done < 0 && errno == EINTR)
            continue; /* a new size, or the end: the rest is to be seen */
        if (done <= 0) {
            stopped = 1;
            return;
        }
        text += done;
        length -= (size_t)done;
    }
}

/* --- a frame ------------------------------------------------------------- */

static void print_title(FILE *out, const struct inventory *inventory,
                        double seconds)
{
    char clock[16] = "";
    time_t now = time(NULL);
    struct tm local;

    if (localtime_r(&now, &local) != NULL)
        strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    fprintf(out, "virt-backing %s, every %g s", clock, seconds);
    if (inventory == NULL)
        fputs(": libvirt does not answer", out);
    else if (inventory->hostname != NULL)
        fprintf(out, ", %s", inventory->hostname);
    if (inventory != NULL && inventory->stalled > 0)
        fprintf(out, ": %zu do not answer", inventory->stalled);
    fputs("; q ends it\n", out);
}

/* In the second line: what is wrong, for as long as nothing is known. */
static void print_complaint(FILE *out, bool known)
{
    static char line[COMPLAINT_LENGTH];

    if (!complain_take(line) && known)
        *line = '\0';
    text_put(out, line);
    putc('\n', out);
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
    write_all(frame, length);
    free(frame);
}

static void draw(struct host *host, const struct options *options)
{
    const struct inventory *inventory = host_read(host, false);
    struct list_form form;
    char *text = NULL;
    size_t length = 0;
    int rows = list_form_of_terminal(&form, options->bytes);
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return;

    /* The last column stays free: there the cursor stands on what was written,
     * and REST_OF_LINE would take it away. */
    form.width--;
    print_title(out, inventory, options->watch);
    print_complaint(out, inventory != NULL);
    if (inventory != NULL)
        list_print(out, inventory, &form);
    fclose(out);
    show(text, rows);
    free(text);
}

/* --- the terminal -------------------------------------------------------- */

/* Waits for the next look; true when it is to end. */
static bool wait_until(double until)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    double left;

    while (!stopped && (left = until - threads_now()) > 0) {
        int ready = poll(&input, 1, (int)(left * 1000) + 1);
        char key = '\0';
        if (ready < 0)
            return stopped; /* a new size: look at once */
        if (ready > 0 && read(STDIN_FILENO, &key, 1) <= 0)
            input.fd = -1;
        if (key == 'q' || key == 'Q')
            return true;
    }
    return stopped;
}

/* Keys come one by one, and are not shown. None stops the program, which would
 * leave the shell on a screen that is not its own. */
static bool take_keyboard(struct termios *ret_before)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, ret_before) != 0)
        return false;
    raw = *ret_before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

bool screen_watch(struct host *host, const struct options *options)
{
    struct termios before;
    const char *terminal = getenv("TERM");

    if (!isatty(STDOUT_FILENO) || terminal == NULL ||
        strcmp(terminal, "dumb") == 0) {
        complain("--watch is for a terminal");
        return false;
    }
    on_signal(SIGINT, stop);
    on_signal(SIGTERM, stop);
    on_signal(SIGHUP, stop);
    on_signal(SIGQUIT, stop);
    on_signal(SIGWINCH, ignore);
    bool keyboard = take_keyboard(&before);
    write_all(ALTERNATE_ON, strlen(ALTERNATE_ON));
    complain_quietly(true);
    for (bool over = false; !over;) {
        double next = threads_now() + options->watch;
        draw(host, options);
        over = wait_until(next);
    }
    complain_quietly(false);
    write_all(ALTERNATE_OFF, strlen(ALTERNATE_OFF));
    if (keyboard)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return true;
}
