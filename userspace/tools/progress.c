// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "pace.h"
#include "progress.h"
#include "quantity.h"

#define FIRST_SHOWN_NS	1000000000L
#define UPDATE_NS	100000000L
/* Updates without a message sent after which a send counts as blocked. */
#define BLOCKED_UPDATES	5
#define BAR_WIDTH	24

struct progress_now progress_now;

static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended;
static bool running, ending;
static uint64_t total;
static int64_t began_ns;

/* The width of the terminal.  0 if it does not tell. */
static int columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void draw_bar(FILE *line, uint64_t done)
{
	unsigned int filled;

	if (!total)
		return;
	if (done > total)
		done = total;
	filled = (double)done / total * BAR_WIDTH;
	fprintf(line, "  [%.*s%.*s] %3.0f%%", filled, "########################",
		BAR_WIDTH - filled, "                        ",
		(double)done / total * 100);
}

static void show(bool blocked)
{
	uint64_t messages = progress_now.messages;
	double seconds = (monotonic_ns() - began_ns) / 1e9;
	char text[256] = "", bytes[QUANTITY_SIZE];
	FILE *line = fmemopen(text, sizeof(text), "w");
	int width = columns();

	if (!line)
		return;
	format_bytes(bytes, progress_now.bytes);
	fprintf(line, "%" PRIu64 " sent, %s, %.0f/s", messages, bytes, messages / seconds);
	draw_bar(line, progress_now.done);
	if (blocked)
		fputs("  waiting: queue full", line);
	fclose(line);
	/* A line that wraps could not be wiped out. */
	fprintf(stderr, "\r%.*s\033[K", width ? width - 1 : 79, text);
}

static void *keep_up_to_date(void *unused)
{
	int64_t due_ns = began_ns + FIRST_SHOWN_NS;
	uint64_t messages = 0;
	int updates = 0;
	bool shown = false;

	(void)unused;
	pthread_mutex_lock(&lock);
	while (!ending) {
		struct timespec due = {
			.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000,
		};

		if (pthread_cond_timedwait(&ended, &lock, &due) == 0)
			continue;
		updates = progress_now.sending && progress_now.messages == messages ?
			  updates + 1 : 0;
		messages = progress_now.messages;
		show(updates >= BLOCKED_UPDATES);
		shown = true;
		due_ns += UPDATE_NS;
	}
	pthread_mutex_unlock(&lock);
	if (shown)
		fputs("\r\033[K", stderr);
	return NULL;
}

void progress_begin(uint64_t of_total)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;

	if (!isatty(STDERR_FILENO))
		return;
	total = of_total;
	began_ns = monotonic_ns();
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&ended, &monotonic);
	/* Signals are for the thread that sends. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	running = pthread_create(&thread, NULL, keep_up_to_date, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_end(void)
{
	if (!running)
		return;
	pthread_mutex_lock(&lock);
	ending = true;
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	running = false;
}
