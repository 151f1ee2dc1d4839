// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usage: transfer null|pipe|mq|rw|ioctl|batch SIZE
 * Sends and receives messages in one task, to be counted: prints the nanoseconds for
 * one of them, which are instructions where the clock counts those.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ipcq.h>

#include "mark.h"

#define ROUNDS		1000
#define WARM_UP		50
#define BATCH		32
#define LARGEST		(1 << 20)

#define MARK(...)	MARK_AS(__VA_ARGS__)
#define MARK_AS(a, b, c, d, e, f, g, h)					\
	__asm__ volatile (".byte " #a "," #b "," #c "," #d "," #e "," #f "," #g "," #h)

static char out[LARGEST], in[LARGEST];
static size_t size;
static int to, from;

static void plainly(void)
{
	if (write(to, out, size) != (ssize_t)size || read(from, in, size) != (ssize_t)size)
		err(1, "transfer");
}

static void by_mq(void)
{
	if (mq_send(to, out, size, 0) || mq_receive(from, in, LARGEST, NULL) < 0)
		err(1, "transfer");
}

static void by_ioctl(void)
{
	if (ipcq_send(to, out, size, NULL) || ipcq_recv(from, in, size, NULL) < 0)
		err(1, "transfer");
}

static void in_batches(void)
{
	static _Alignas(8) char records[BATCH * IPCQ_RECORD_SPACE(LARGEST)];
	size_t room = BATCH * IPCQ_RECORD_SPACE(size), used = 0;

	for (int i = 0; i < BATCH; i++)
		if (!ipcq_record_add(records, room, &used, out, size))
			err(1, "add");
	if (ipcq_send_batch(to, records, used, NULL) != BATCH)
		err(1, "send");
	if (ipcq_recv_batch(from, records, room, NULL) != BATCH)
		err(1, "receive");
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

static void open_ipcq(void)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MAX_BYTES,
		.max_msg_size = LARGEST,
		.max_bytes = BATCH * LARGEST,
	};
	int fds[2];

	if (ipcq_pair(fds, &attr, 0))
		err(1, "ipcq_pair");
	from = fds[0];
	to = fds[1];
}

static const struct way {
	const char *name;
	void (*open)(void);
	void (*transfer)(void);
	int messages;
} ways[] = {
	{ "null", open_null, plainly, 1 },
	{ "pipe", open_pipe, plainly, 1 },
	{ "mq", open_mq, by_mq, 1 },
	{ "rw", open_ipcq, plainly, 1 },
	{ "ioctl", open_ipcq, by_ioctl, 1 },
	{ "batch", open_ipcq, in_batches, BATCH },
};

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct way *way = ways, *end = ways + sizeof(ways) / sizeof(*ways);
	long long begun;

	if (argc != 3)
		errx(2, "usage: transfer null|pipe|mq|rw|ioctl|batch SIZE");
	while (way < end && strcmp(way->name, argv[1]))
		way++;
	size = strtoul(argv[2], NULL, 10);
	if (way == end || size > LARGEST)
		errx(2, "no such way, or too large");
	/* No page is touched for the first time while it counts. */
	memset(out, 1, sizeof(out));
	memset(in, 1, sizeof(in));
	way->open();
	for (int i = 0; i < WARM_UP; i++)
		way->transfer();
	begun = now_ns();
	MARK(MARK_BEGIN);
	for (int i = 0; i < ROUNDS; i++)
		way->transfer();
	MARK(MARK_END);
	printf("%s %zu %.1f\n", way->name, size,
	       (double)(now_ns() - begun) / ROUNDS / way->messages);
	return 0;
}
