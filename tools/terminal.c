/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include "complain.h"
#include "threads.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* What xterm and all its kin understand (ECMA-48, and private modes: the
 * alternate screen, no cursor, no lines that go on in the next). */
#define ALTERNATE_ON "\033[?1049h\033[?25l\033[?7l"
#define ALTERNATE_OFF "\033[?7h\033[?25h\033[?1049l"

static volatile sig_atomic_t stopped;
static volatile sig_atomic_t resized;
static volatile sig_atomic_t suspended;
static volatile sig_atomic_t continued;

static struct {
    struct termios before; /* the keyboard's settings, and ours */
    struct termios raw;
    bool keyboard;    /* it is ours; else there is none */
    sigset_t blocked; /* signals before it was taken */
} terminal;

/* --- signals ------------------------------------------------------------- */

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void resize(int number)
{
    (void)number;
    resized = 1;
}

static void suspend(int number)
{
    (void)number;
    suspended = 1;
}

static void go_on(int number)
{
    (void)number;
    continued = 1;
}

static const struct {
    int number;
    void (*handler)(int number);
} signals[] = {
    {SIGINT, stop},     {SIGTERM, stop},    {SIGHUP, stop},   {SIGQUIT, stop},
    {SIGWINCH, resize}, {SIGTSTP, suspend}, {SIGCONT, go_on},
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static void handle(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void take_signals(void)
{
    sigset_t all;

    sigemptyset(&all);
    for (size_t i = 0; i < SIGNALS; i++) {
        handle(signals[i].number, signals[i].handler);
        sigaddset(&all, signals[i].number);
    }
    sigprocmask(SIG_BLOCK, &all, &terminal.blocked);
}

static void leave_signals(void)
{
    sigprocmask(SIG_SETMASK, &terminal.blocked, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        handle(signals[i].number, SIG_DFL);
}

/* Returns when somebody has it go on. */
static void stop_here(void)
{
    sigset_t ours;

    handle(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    sigprocmask(SIG_SETMASK, &terminal.blocked, &ours);
    sigprocmask(SIG_SETMASK, &ours, NULL);
    handle(SIGTSTP, suspend);
}

/* --- the screen and the keyboard ----------------------------------------- */

void terminal_write(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t done = write(STDOUT_FILENO, text, length);
        if (done <= 0) {
            stopped = 1;
            return;
        }
        text += done;
        length -= (size_t)done;
    }
}

/* Keys come one by one, and are not shown. None stops what is written. */
static bool make_raw(void)
{
    if (tcgetattr(STDIN_FILENO, &terminal.before) != 0)
        return false;
    terminal.raw = terminal.before;
    terminal.raw.c_iflag &= ~(tcflag_t)IXON;
    terminal.raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    terminal.raw.c_cc[VMIN] = 1;
    terminal.raw.c_cc[VTIME] = 0;
    return true;
}

/* The keyboard first: in the background that stops the program, before it
 * writes to a terminal that somebody else has. */
static void take_screen(void)
{
    if (terminal.keyboard)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.raw);
    terminal_write(ALTERNATE_ON, strlen(ALTERNATE_ON));
}

static void leave_screen(void)
{
    terminal_write(ALTERNATE_OFF, strlen(ALTERNATE_OFF));
    if (terminal.keyboard)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
}

bool terminal_take(void)
{
    const char *kind = getenv("TERM");

    if (!isatty(STDOUT_FILENO) || kind == NULL || strcmp(kind, "dumb") == 0) {
        complain("--watch is for a terminal");
        return false;
    }
    take_signals();
    terminal.keyboard = make_raw();
    take_screen();
    return true;
}

void terminal_leave(void)
{
    leave_screen();
    leave_signals();
}

/* After a SIGSTOP, which nobody sees coming, the shell may have changed all,
 * but what it has set is not what was there before. */
static void see_to_stops(void)
{
    if (suspended) {
        leave_screen();
        stop_here();
    }
    if (suspended || continued) {
        take_screen();
        resized = 1;
    }
    suspended = continued = 0;
}

/* --- waiting ------------------------------------------------------------- */

static struct timespec time_until(double until)
{
    double left = until - threads_now();
    struct timespec time = {0};

    if (left > 0) {
        time.tv_sec = (time_t)left;
        time.tv_nsec = (long)((left - (double)time.tv_sec) * 1e9);
    }
    return time;
}

void terminal_wait(int descriptor, double until, struct terminal_news *ret_news)
{
    struct timespec left = time_until(until);
    struct pollfd inputs[] = {
        {.fd = terminal.keyboard ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = descriptor, .events = POLLIN},
    };

    *ret_news = (struct terminal_news){0};
    if (ppoll(inputs, 2, &left, &terminal.blocked) > 0 &&
        inputs[0].revents != 0) {
        ssize_t count = read(STDIN_FILENO, ret_news->typed, TERMINAL_KEYS);
        /* Where there is nothing to be read any more nobody types. */
        terminal.keyboard = count > 0;
        ret_news->count = count > 0 ? (size_t)count : 0;
    }
    see_to_stops();
    ret_news->over = stopped;
    ret_news->resized = resized;
    resized = 0;
}
