// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues of ipcq by io_uring: a message is a request that is submitted and awaited with
 * one system call; several are as many requests with one call.
 */
#include <err.h>
#include <liburing.h>
#include <string.h>
#include <sys/mman.h>

#include "mechanisms/all.h"

#define ENTRIES	64

/**
 * struct uring - the ring of a process, for all of its channels; all zero until it has one
 * @ring: the ring
 * @made: there is one
 *
 * In memory that a child process finds wiped: it gets a ring of its own.
 */
static struct uring {
	struct io_uring ring;
	bool made;
} *uring;

static int uring_init(struct io_uring *ring)
{
	return io_uring_queue_init(ENTRIES, ring,
				   IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}

static const char *uring_missing(void)
{
	struct io_uring ring;
	int error = uring_init(&ring);

	if (error)
		return error == -EINVAL ? "io_uring of Linux 6.1" : strerror(-error);
	io_uring_queue_exit(&ring);
	return NULL;
}

static void uring_open(struct channel *channel)
{
	ipcq_bench_open(channel);
	if (uring)
		return;
	uring = mmap(NULL, sizeof(*uring), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (uring == MAP_FAILED || madvise(uring, sizeof(*uring), MADV_WIPEONFORK))
		err(1, "memory for a ring");
}

static void uring_make(void)
{
	int error = uring_init(&uring->ring);

	if (!error && io_uring_register_ring_fd(&uring->ring) != 1)
		error = -EINVAL;
	if (error)
		errx(1, "io_uring: %s", strerror(-error));
	uring->made = true;
}

/* Do the same @count times, with as few calls as there are entries. */
static void uring_do(int op, int fd, char *data, size_t size, unsigned int count)
{
	unsigned int head, seen, n, i;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;

	if (!uring->made)
		uring_make();
	for (; count; count -= n) {
		n = count < ENTRIES ? count : ENTRIES;
		for (i = 0; i < n; i++) {
			sqe = io_uring_get_sqe(&uring->ring);
			io_uring_prep_rw(op, sqe, fd, data, size, -1);
		}
		if (io_uring_submit_and_wait(&uring->ring, n) != (int)n)
			errx(1, "io_uring_submit_and_wait");
		seen = 0;
		io_uring_for_each_cqe(&uring->ring, head, cqe) {
			if (cqe->res != (int)size)
				errx(1, "io_uring: %d instead of %zu", cqe->res, size);
			seen++;
		}
		if (seen != n)
			errx(1, "io_uring: %u of %u requests are complete", seen, n);
		io_uring_cq_advance(&uring->ring, n);
	}
}

static void uring_send_many(struct channel *channel, char *data, size_t size,
			    unsigned int count)
{
	uring_do(IORING_OP_WRITE, channel->send_fd, data, size, count);
}

static void uring_recv_many(struct channel *channel, char *data, size_t size,
			    unsigned int count)
{
	uring_do(IORING_OP_READ, channel->recv_fd, data, size, count);
}

static void uring_send(struct channel *channel, char *data, size_t size)
{
	uring_send_many(channel, data, size, 1);
}

static void uring_recv(struct channel *channel, char *data, size_t size)
{
	uring_recv_many(channel, data, size, 1);
}

const struct mechanism ipcq_uring_mechanism = {
	.name = "ipcq-uring",
	.what = "io_uring: a request submitted and awaited with one call; several with one",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL,
	.missing = uring_missing,
	.open = uring_open,
	.send = uring_send,
	.recv = uring_recv,
	.send_many = uring_send_many,
	.recv_many = uring_recv_many,
	.close = close_descriptors,
};
