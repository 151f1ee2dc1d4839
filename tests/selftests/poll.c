// SPDX-License-Identifier: GPL-2.0-only
/* poll, select and epoll in every state of a queue. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "call.h"
#include "ipcq_test.h"
#include "kselftest_harness.h"

#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)
#define ANY	(IN | OUT | POLLPRI | POLLRDBAND | POLLWRBAND | POLLRDHUP)

FIXTURE(states) {
	struct queue q;
	int both;
	int reader;
	int writer;
};

FIXTURE_SETUP(states)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE |
			IPCQ_ATTR_FLAGS,
		.max_msgs = 3,
		.max_bytes = 20,
		.max_msg_size = 10,
		.flags = IPCQ_F_HANGUP,
	};

	ASSERT_EQ(0, queue_make(&self->q, &attr));
	self->both = self->q.fd;
	self->reader = queue_open(&self->q, O_RDONLY);
	self->writer = queue_open(&self->q, O_WRONLY);
	ASSERT_GE(self->reader, 0);
	ASSERT_GE(self->writer, 0);
}

FIXTURE_TEARDOWN(states)
{
	close(self->reader);
	close(self->writer);
	EXPECT_EQ(0, queue_end(&self->q));
}

static short events(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = ANY };

	if (poll(&pfd, 1, 0) < 0)
		return -1;
	return pfd.revents;
}

TEST_F(states, empty)
{
	EXPECT_EQ(0, events(self->reader));
	EXPECT_EQ(OUT, events(self->writer));
	EXPECT_EQ(OUT, events(self->both));
}

TEST_F(states, neither_empty_nor_full)
{
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(IN, events(self->reader));
	EXPECT_EQ(OUT, events(self->writer));
	EXPECT_EQ(IN | OUT, events(self->both));
	ASSERT_EQ(0, recv_text(self->reader, "x"));
	EXPECT_EQ(0, events(self->reader));
}

TEST_F(states, an_empty_message_is_readable)
{
	ASSERT_EQ(0, send_text(self->writer, ""));
	EXPECT_EQ(IN, events(self->reader));
}

TEST_F(states, full_of_messages)
{
	ASSERT_EQ(3, fill(self->writer));
	EXPECT_EQ(IN, events(self->reader));
	EXPECT_EQ(0, events(self->writer));
	EXPECT_EQ(IN, events(self->both));
	ASSERT_EQ(0, recv_text(self->reader, "fill"));
	EXPECT_EQ(OUT, events(self->writer));
}

TEST_F(states, writable_means_the_largest_message_fits)
{
	ASSERT_EQ(0, send_text(self->writer, "0123456789"));
	EXPECT_EQ(OUT, events(self->writer));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	/* Up to nine bytes would fit. */
	EXPECT_EQ(0, events(self->writer));
	ASSERT_EQ(0, send_text(self->writer, "123456789"));
	EXPECT_EQ(0, events(self->writer));
	ASSERT_EQ(0, recv_text(self->reader, "0123456789"));
	EXPECT_EQ(OUT, events(self->writer));
}

TEST_F(states, writable_follows_the_attributes)
{
	ASSERT_EQ(3, fill(self->writer));
	ASSERT_EQ(0, set_max_msgs(self->both, 4));
	/* Eight bytes are left of twenty. */
	EXPECT_EQ(0, events(self->writer));
	ASSERT_EQ(0, attr_set(self->both, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = 8 }));
	EXPECT_EQ(OUT, events(self->writer));
	ASSERT_EQ(0, set_max_msgs(self->both, 3));
	EXPECT_EQ(0, events(self->writer));
}

TEST_F(states, not_writable_while_a_sender_waits)
{
	struct call c;

	ASSERT_EQ(0, send_text(self->writer, "0123456789"));
	ASSERT_EQ(0, send_text(self->writer, "01234567"));
	ASSERT_EQ(0, call_write(&c, self->writer, "abc"));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	EXPECT_EQ(0, events(self->writer));
	ASSERT_EQ(18, nl_queue(self->q.id).bytes);
	ASSERT_EQ(0, recv_text(self->reader, "0123456789"));
	EXPECT_EQ(3, call_end(&c));
	EXPECT_EQ(0, events(self->writer));
	ASSERT_EQ(0, recv_text(self->reader, "01234567"));
	EXPECT_EQ(OUT, events(self->writer));
}

TEST_F(states, hung_up)
{
	ASSERT_EQ(0, send_text(self->writer, "x"));
	close(self->writer);
	self->writer = -1;
	EXPECT_EQ(IN, events(self->reader));
	close(self->both);
	self->q.fd = -1;
	/* No more will come: with something to drain, and without. */
	EXPECT_EQ(IN | POLLHUP, events(self->reader));
	ASSERT_EQ(0, recv_text(self->reader, "x"));
	EXPECT_EQ(IN | POLLHUP, events(self->reader));
	EXPECT_EQ(-EPIPE, recv_text(self->reader, ""));
	/* Until a sender comes. */
	self->writer = queue_open(&self->q, O_WRONLY);
	EXPECT_EQ(0, events(self->reader));
}

TEST_F(states, broken)
{
	close(self->reader);
	self->reader = -1;
	EXPECT_EQ(OUT, events(self->writer));
	close(self->both);
	self->q.fd = -1;
	EXPECT_EQ(OUT | POLLERR, events(self->writer));
	/* Even when asked for nothing. */
	EXPECT_EQ(1, poll(&(struct pollfd) { .fd = self->writer }, 1, 0));
	self->reader = queue_open(&self->q, O_RDONLY);
	EXPECT_EQ(OUT, events(self->writer));
}

TEST_F(states, shut)
{
	ASSERT_EQ(0, send_text(self->writer, "x"));
	ASSERT_EQ(0, shut(self->both, IPCQ_SHUT_SEND));
	EXPECT_EQ(IN | POLLHUP, events(self->reader));
	EXPECT_EQ(OUT | POLLERR, events(self->writer));
	EXPECT_EQ(IN | OUT | POLLHUP | POLLERR, events(self->both));
	ASSERT_EQ(0, shut(self->both, IPCQ_SHUT_RECV));
	EXPECT_EQ(IN | POLLHUP, events(self->reader));
	EXPECT_EQ(OUT | POLLERR, events(self->writer));
	ASSERT_EQ(0, shut(self->both, 0));
	EXPECT_EQ(IN, events(self->reader));
	EXPECT_EQ(OUT, events(self->writer));
}

TEST_F(states, select_agrees)
{
	struct timeval now;
	fd_set in, out;

#define SELECT(fd) ({								\
	FD_ZERO(&in);								\
	FD_ZERO(&out);								\
	FD_SET(fd, &in);							\
	FD_SET(fd, &out);							\
	now = (struct timeval) {};						\
	select(fd + 1, &in, &out, NULL, &now);					\
	(FD_ISSET(fd, &in) ? 1 : 0) | (FD_ISSET(fd, &out) ? 2 : 0);		\
})
	EXPECT_EQ(2, SELECT(self->both));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(3, SELECT(self->both));
	ASSERT_EQ(2, fill(self->writer));
	EXPECT_EQ(1, SELECT(self->both));
	EXPECT_EQ(0, SELECT(self->writer));
	ASSERT_EQ(0, shut(self->both, IPCQ_SHUT_SEND));
	EXPECT_EQ(1, SELECT(self->reader));
	/* To select an error is readable and writable. */
	EXPECT_EQ(3, SELECT(self->writer));
}

/* Waiting. */

/**
 * struct waiter - a thread that waits for events
 * @tid: its number once it is about to
 * @fd: on what, or on which epoll instance
 * @mask: for which, or 0 for an epoll instance
 * @got: what came
 * @done: something came
 */
struct waiter {
	pthread_t thread;
	atomic_int tid;
	int fd;
	short mask;
	int got;
	atomic_bool done;
};

static void *wait_for_events(void *arg)
{
	struct waiter *w = arg;
	struct pollfd pfd = { .fd = w->fd, .events = w->mask };
	struct epoll_event event = {};

	atomic_store(&w->tid, syscall(SYS_gettid));
	if (w->mask) {
		poll(&pfd, 1, -1);
		w->got = pfd.revents;
	} else {
		epoll_wait(w->fd, &event, 1, -1);
		w->got = event.events;
	}
	atomic_store(&w->done, true);
	return NULL;
}

/* The state of a thread, as ps(1) shows it. */
static char state_of(int tid)
{
	char path[64], stat[512] = {}, *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 'X';
	if (read(fd, stat, sizeof(stat) - 1) < 0)
		stat[0] = '\0';
	close(fd);
	state = strrchr(stat, ')');
	return state ? state[2] : '?';
}

static bool is_asleep(struct waiter *w)
{
	return atomic_load(&w->tid) && state_of(w->tid) == 'S' && !atomic_load(&w->done);
}

static int waiter_start(struct waiter *w, int fd, short mask)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->mask = mask;
	if (pthread_create(&w->thread, NULL, wait_for_events, w))
		return -1;
	return WAIT_UNTIL(is_asleep(w)) ? 0 : -1;
}

static int waiter_end(struct waiter *w)
{
	pthread_join(w->thread, NULL);
	return w->got;
}

TEST_F(states, a_message_wakes_poll)
{
	struct waiter w;

	ASSERT_EQ(0, waiter_start(&w, self->reader, POLLIN));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(POLLIN, waiter_end(&w));
}

TEST_F(states, room_wakes_poll)
{
	struct waiter w;

	ASSERT_EQ(3, fill(self->writer));
	ASSERT_EQ(0, waiter_start(&w, self->writer, POLLOUT));
	ASSERT_EQ(0, recv_text(self->reader, "fill"));
	EXPECT_EQ(POLLOUT, waiter_end(&w));
}

TEST_F(states, a_purge_wakes_poll)
{
	struct waiter w;

	ASSERT_EQ(3, fill(self->writer));
	ASSERT_EQ(0, waiter_start(&w, self->writer, POLLOUT));
	ASSERT_EQ(3, purge(self->both));
	EXPECT_EQ(POLLOUT, waiter_end(&w));
}

TEST_F(states, a_larger_capacity_wakes_poll)
{
	struct waiter w;

	ASSERT_EQ(3, fill(self->writer));
	ASSERT_EQ(0, waiter_start(&w, self->writer, POLLOUT));
	ASSERT_EQ(0, attr_set(self->both, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSGS,
		.max_bytes = 100, .max_msgs = 10 }));
	EXPECT_EQ(POLLOUT, waiter_end(&w));
}

TEST_F(states, the_last_sender_wakes_poll)
{
	struct waiter w;

	close(self->both);
	self->q.fd = -1;
	ASSERT_EQ(0, waiter_start(&w, self->reader, POLLIN));
	close(self->writer);
	self->writer = -1;
	EXPECT_EQ(POLLIN | POLLHUP, waiter_end(&w));
}

TEST_F(states, the_last_receiver_wakes_poll)
{
	struct waiter w;

	ASSERT_EQ(3, fill(self->writer));
	close(self->both);
	self->q.fd = -1;
	ASSERT_EQ(0, waiter_start(&w, self->writer, POLLOUT));
	close(self->reader);
	self->reader = -1;
	EXPECT_EQ(POLLOUT | POLLERR, waiter_end(&w));
}

TEST_F(states, a_shutdown_wakes_both)
{
	struct waiter in, out;

	ASSERT_EQ(0, waiter_start(&in, self->reader, POLLIN));
	ASSERT_EQ(0, shut(self->both, IPCQ_SHUT_SEND));
	EXPECT_EQ(POLLIN | POLLHUP, waiter_end(&in));
	ASSERT_EQ(0, shut(self->both, 0));
	ASSERT_EQ(3, fill(self->writer));
	ASSERT_EQ(0, waiter_start(&out, self->writer, POLLOUT));
	ASSERT_EQ(0, shut(self->both, IPCQ_SHUT_RECV));
	EXPECT_EQ(POLLOUT | POLLERR, waiter_end(&out));
}

/* epoll. */

static int epoll_on(int fd, uint32_t mask)
{
	struct epoll_event event = { .events = mask };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

/* The events now, 0 if there are none. */
static uint32_t ready(int ep)
{
	struct epoll_event event;

	return epoll_wait(ep, &event, 1, 0) == 1 ? event.events : 0;
}

TEST_F(states, level_triggered)
{
	int ep = epoll_on(self->both, EPOLLIN | EPOLLOUT);

	ASSERT_GE(ep, 0);
	EXPECT_EQ(EPOLLOUT, ready(ep));
	EXPECT_EQ(EPOLLOUT, ready(ep));
	ASSERT_EQ(3, fill(self->writer));
	EXPECT_EQ(EPOLLIN, ready(ep));
	EXPECT_EQ(EPOLLIN, ready(ep));
	ASSERT_EQ(3, drain(self->reader));
	EXPECT_EQ(EPOLLOUT, ready(ep));
	close(ep);
}

TEST_F(states, edge_triggered_in)
{
	int ep = epoll_on(self->reader, EPOLLIN | EPOLLET);

	ASSERT_GE(ep, 0);
	EXPECT_EQ(0, ready(ep));
	ASSERT_EQ(0, send_text(self->writer, "a"));
	EXPECT_EQ(EPOLLIN, ready(ep));
	EXPECT_EQ(0, ready(ep));
	/* Each message is an edge, though one waits already. */
	ASSERT_EQ(0, send_text(self->writer, "b"));
	EXPECT_EQ(EPOLLIN, ready(ep));
	EXPECT_EQ(0, ready(ep));
	ASSERT_EQ(2, drain(self->reader));
	EXPECT_EQ(0, ready(ep));
	close(ep);
}

TEST_F(states, edge_triggered_out)
{
	int ep = epoll_on(self->writer, EPOLLOUT | EPOLLET);

	ASSERT_GE(ep, 0);
	EXPECT_EQ(EPOLLOUT, ready(ep));
	EXPECT_EQ(0, ready(ep));
	for (int i = 0; i < 3; i++) {
		ASSERT_NE(0, fill(self->writer));
		EXPECT_EQ(0, ready(ep));
		ASSERT_EQ(0, recv_text(self->reader, "fill"));
		EXPECT_EQ(EPOLLOUT, ready(ep));
		EXPECT_EQ(0, ready(ep));
	}
	close(ep);
}

TEST_F(states, a_message_handed_over_is_no_event)
{
	int ep = epoll_on(self->reader, EPOLLIN | EPOLLET);
	struct call c;

	ASSERT_GE(ep, 0);
	ASSERT_EQ(0, call_read(&c, self->reader));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(1, call_end(&c));
	EXPECT_EQ(0, ready(ep));
	close(ep);
}

TEST_F(states, an_admitted_message_is_an_event)
{
	int ep = epoll_on(self->reader, EPOLLIN | EPOLLET);
	struct call c;

	ASSERT_GE(ep, 0);
	ASSERT_EQ(3, fill(self->writer));
	ASSERT_EQ(0, call_write(&c, self->writer, "later"));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	EXPECT_EQ(EPOLLIN, ready(ep));
	EXPECT_EQ(0, ready(ep));
	ASSERT_EQ(0, recv_text(self->reader, "fill"));
	EXPECT_EQ(EPOLLIN, ready(ep));
	EXPECT_EQ(5, call_end(&c));
	close(ep);
}

#define MANY 6

TEST_F(states, one_message_wakes_one_exclusive_epoll)
{
	struct waiter w[MANY];
	int eps[MANY], asleep, i, messages;

	for (i = 0; i < MANY; i++) {
		eps[i] = epoll_on(self->reader, EPOLLIN | EPOLLEXCLUSIVE);
		ASSERT_GE(eps[i], 0);
		ASSERT_EQ(0, waiter_start(&w[i], eps[i], 0));
	}
	for (messages = 1; messages <= 3; messages++) {
		ASSERT_EQ(0, send_text(self->writer, "x"));
		/* Who is woken is so when send returns: it does not sleep any more. */
		asleep = 0;
		for (i = 0; i < MANY; i++)
			asleep += is_asleep(&w[i]);
		EXPECT_EQ(MANY - messages, asleep);
	}
	for (i = 0; i < MANY; i++) {
		if (is_asleep(&w[i]))
			pthread_cancel(w[i].thread);
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(atomic_load(&w[i].done) ? EPOLLIN : 0, w[i].got);
		close(eps[i]);
	}
}

TEST_HARNESS_MAIN
