// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usage: transfer null|pipe|mq|rw|ioctl|batch|call|ring|ring-batch SIZE [trip]
 * Sends and receives messages in one task, or sends them to another one that sends them
 * back, to be counted: prints the nanoseconds for one of them, which are instructions
 * where the clock counts those.  It is the median of several windows, so that the tick of
 * the machine, which falls into few of them, is not in it.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <ipcq.h>

#include "mark.h"

#define WINDOWS		20
#define ROUNDS		50
#define WARM_UP		50
#define BATCH		32
#define LARGEST		(1 << 20)

#define MARK(...)	MARK_AS(__VA_ARGS__)
#define MARK_AS(a, b, c, d, e, f, g, h)					\
	__asm__ volatile (".byte " #a "," #b "," #c "," #d "," #e "," #f "," #g "," #h)

static char out[LARGEST], in[LARGEST];
static size_t size;
static int to, from;
static struct ipcq_ring *ring;

static void check(bool done)
{
	if (!done)
		err(1, "transfer");
}

static void do_write(void)
{
	check(write(to, out, size) == (ssize_t)size);
}

static void do_read(void)
{
	check(read(from, in, size) == (ssize_t)size);
}

static void do_mq_send(void)
{
	check(!mq_send(to, out, size, 0));
}

static void do_mq_receive(void)
{
	check(mq_receive(from, in, LARGEST, NULL) >= 0);
}

static void do_send(void)
{
	check(!ipcq_send(to, out, size, NULL));
}

static void do_recv(void)
{
	check(ipcq_recv(from, in, size, NULL) >= 0);
}

static _Alignas(8) char records[BATCH * IPCQ_RECORD_SPACE(LARGEST)];

static void send_batch(void)
{
	size_t room = BATCH * IPCQ_RECORD_SPACE(size), used = 0;

	for (int i = 0; i < BATCH; i++)
		check(ipcq_record_add(records, room, &used, out, size));
	check(ipcq_send_batch(to, records, used, NULL) == BATCH);
}

static void recv_batch(void)
{
	check(ipcq_recv_batch(from, records, BATCH * IPCQ_RECORD_SPACE(size), NULL) == BATCH);
}

/* Copies it out, as the other ways do. */
static void take_record(void)
{
	const struct ipcq_record *record;

	while (!(record = ipcq_ring_next(ring)))
		check(!ipcq_ring_wait(ring, NULL));
	check(record->size == size);
	memcpy(in, ipcq_record_data(record), size);
}

static void recv_ring(void)
{
	take_record();
	ipcq_ring_release(ring);
}

static void recv_ring_batch(void)
{
	for (int i = 1; i < BATCH; i++)
		check(ipcq_ring_next(ring));
	take_record();
	ipcq_ring_release(ring);
}

static void call(void)
{
	check(ipcq_call(to, out, size, from, in, size, NULL) >= 0);
}

static void open_null(void)
{
	to = open("/dev/null", O_WRONLY);
	from = open("/dev/zero", O_RDONLY);
	if (to < 0 || from < 0)
		err(1, "open");
}

static void open_pipe(void)
{
	int fds[2];

	if (pipe(fds) || fcntl(fds[1], F_SETPIPE_SZ, LARGEST) < 0)
		err(1, "pipe");
	from = fds[0];
	to = fds[1];
}

static void open_mq(void)
{
	struct mq_attr attr = { .mq_maxmsg = 10, .mq_msgsize = size };

	to = from = mq_open("/ipcq-profile", O_RDWR | O_CREAT, 0600, &attr);
	if (to < 0 || mq_unlink("/ipcq-profile"))
		err(1, "mq_open");
}

static void open_queue(size_t largest)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MAX_BYTES,
		.max_msg_size = largest,
		.max_bytes = BATCH * LARGEST,
	};
	int fds[2];

	if (ipcq_pair(fds, &attr, 0))
		err(1, "ipcq_pair");
	from = fds[0];
	to = fds[1];
}

static void open_ipcq(void)
{
	open_queue(LARGEST);
}

static void open_ring(void)
{
	size_t room = 1 << 20;

	/* A task that sends all of a batch and then receives it must not block. */
	while (room < BATCH * IPCQ_RECORD_SPACE(size))
		room *= 2;
	open_queue(IPCQ_RING_MAX_MSG_SIZE);
	ring = ipcq_ring_open(from, room, 0);
	if (!ring)
		err(1, "ipcq_ring_open");
}

static const struct way {
	const char *name;
	void (*open)(void);
	void (*send)(void);
	void (*receive)(void);
	void (*both)(void);
	int messages;
} ways[] = {
	{ "null", open_null, do_write, do_read, NULL, 1 },
	{ "pipe", open_pipe, do_write, do_read, NULL, 1 },
	{ "mq", open_mq, do_mq_send, do_mq_receive, NULL, 1 },
	{ "rw", open_ipcq, do_write, do_read, NULL, 1 },
	{ "ioctl", open_ipcq, do_send, do_recv, NULL, 1 },
	{ "batch", open_ipcq, send_batch, recv_batch, NULL, BATCH },
	{ "call", open_ipcq, do_write, do_read, call, 1 },
	{ "ring", open_ring, do_write, recv_ring, NULL, 1 },
	{ "ring-batch", open_ring, send_batch, recv_ring_batch, NULL, BATCH },
};

static void transfer(const struct way *way)
{
	if (way->both) {
		way->both();
		return;
	}
	way->send();
	way->receive();
}

/* Have another task send back all that is sent. */
static void fork_mirror(const struct way *way)
{
	struct sched_param none = { 0 };
	struct ipcq_ring *there_ring;
	int there_to, there_from;

	/* It takes over when this one blocks, and not when its share of time says so. */
	if (sched_setscheduler(0, SCHED_BATCH, &none))
		err(1, "SCHED_BATCH");
	way->open();
	there_to = to;
	there_from = from;
	there_ring = ring;
	way->open();
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		from = there_from;
		ring = there_ring;
		way->receive();
		for (;;)
			transfer(way);
	}
	to = there_to;
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int earlier(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	const struct way *way = ways, *end = ways + sizeof(ways) / sizeof(*ways);
	long long windows[WINDOWS], begun;

	if (argc < 3 || argc > 4)
		errx(2, "usage: transfer null|pipe|mq|rw|ioctl|batch|call|ring|ring-batch SIZE [trip]");
	while (way < end && strcmp(way->name, argv[1]))
		way++;
	size = strtoul(argv[2], NULL, 10);
	if (way == end || size > LARGEST)
		errx(2, "no such way, or too large");
	/* No page is touched for the first time while it counts. */
	memset(out, 1, sizeof(out));
	memset(in, 1, sizeof(in));
	if (argc == 4)
		fork_mirror(way);
	else
		way->open();
	for (int i = 0; i < WARM_UP; i++)
		transfer(way);
	MARK(MARK_BEGIN);
	for (int i = 0; i < WINDOWS; i++) {
		begun = now_ns();
		for (int j = 0; j < ROUNDS; j++)
			transfer(way);
		windows[i] = now_ns() - begun;
	}
	MARK(MARK_END);
	qsort(windows, WINDOWS, sizeof(*windows), earlier);
	printf("%s %zu %.1f\n", way->name, size,
	       (double)windows[WINDOWS / 2] / ROUNDS / way->messages);
	return 0;
}
