// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy from or to user space that an operation makes
 * fails in turn.  Then the operation either fails as documented, and has done
 * nothing, or succeeds all the same; and the queue works as before.
 */
#include <dirent.h>
#include <linux/time_types.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "inject.h"
#include "ipcq_test.h"
#include "mapped.h"
#include "kselftest_harness.h"

#define BIG	60000
#define RING	(1 << 17)
/* As a part of a dump has room for a few queues only. */
#define MANY	8

/**
 * struct scene - what operations work on
 * @q: a queue in which the message "kept" waits
 * @others: more queues
 * @name: of a queue that the operation makes or destroys
 * @made: a descriptor that the operation made, or -1
 * @ring: of @q, or -1
 * @control: the control device
 * @listener: a socket that hears events, or -1
 * @epoll: an empty epoll set
 * @before: @q before the operation
 * @after: @q after it
 * @buf: for payload
 * @purged: what a purge said
 * @sent: what a call said
 */
struct scene {
	struct queue q;
	struct queue others[MANY];
	char name[IPCQ_NAME_MAX + 1];
	int made;
	int ring;
	int control;
	int listener;
	int epoll;
	struct nl_queue before;
	struct nl_queue after;
	_Alignas(8) char buf[BIG];
	struct ipcq_msg msg;
	uint32_t purged;
	uint32_t sent;
};

/* Operations: they make system calls, and nothing that could fail but these. */

static long create_named(struct scene *s)
{
	struct ipcq_create create = { .open_flags = O_RDWR };

	strcpy(create.name, s->name);
	s->made = ioctl(s->control, IPCQ_IOC_CREATE, &create);
	return RESULT(s->made);
}

static long create_anonymous(struct scene *s)
{
	struct ipcq_create create = { .open_flags = O_RDWR };

	s->made = ioctl(s->control, IPCQ_IOC_CREATE, &create);
	return RESULT(s->made);
}

static long open_node(struct scene *s)
{
	s->made = queue_open(&s->q, O_RDWR);
	return s->made;
}

static long open_end(struct scene *s)
{
	s->made = queue_open_end(s->q.fd, O_RDONLY);
	return s->made;
}

static long open_control(struct scene *s)
{
	s->made = RESULT(open(CONTROL, O_RDWR));
	return s->made;
}

static long destroy(struct scene *s)
{
	struct ipcq_destroy destroy = {};

	strcpy(destroy.name, s->name);
	return RESULT(ioctl(s->control, IPCQ_IOC_DESTROY, &destroy));
}

static long do_write(struct scene *s)
{
	return RESULT(write(s->q.fd, "hello", 5));
}

static long write_big(struct scene *s)
{
	return RESULT(write(s->q.fd, s->buf, BIG));
}

static long do_writev(struct scene *s)
{
	const struct iovec iov[] = { { "he", 2 }, { "llo", 3 } };

	return RESULT(writev(s->q.fd, iov, 2));
}

static long write_nowait(struct scene *s)
{
	const struct iovec iov = { "hello", 5 };

	return RESULT(pwritev2(s->q.fd, &iov, 1, -1, RWF_NOWAIT));
}

static long send_ioctl(struct scene *s)
{
	return msg_send(s->q.fd, &MSG("hello", 5, .prio = 3));
}

static long send_timed_out(struct scene *s)
{
	/* The queue is full. */
	return msg_send(s->others[0].fd, &MSG("hello", 5, .flags = IPCQ_MSG_TIMEOUT,
					      .timeout_ns = MS));
}

static long send_batch(struct scene *s)
{
	struct ipcq_record *small = (struct ipcq_record *)s->buf;
	struct ipcq_record *large = (struct ipcq_record *)(s->buf + IPCQ_RECORD_SPACE(5));
	struct ipcq_batch batch = { .records = (uintptr_t)s->buf, .size = BIG };

	*small = (struct ipcq_record) { .size = 5 };
	*large = (struct ipcq_record) { .size = BIG - IPCQ_RECORD_SPACE(5) - sizeof(*large) };
	return RESULT(ioctl(s->q.fd, IPCQ_IOC_SEND_BATCH, &batch));
}

static long recv_batch(struct scene *s)
{
	struct ipcq_batch batch = { .records = (uintptr_t)s->buf, .size = BIG };

	return RESULT(ioctl(s->q.fd, IPCQ_IOC_RECV_BATCH, &batch));
}

static long call(struct scene *s)
{
	struct ipcq_call call = {
		.send = MSG("hello", 5), .recv = MSG(s->buf, BIG), .recv_fd = s->q.fd,
	};
	long result;

	result = RESULT(ioctl(s->q.fd, IPCQ_IOC_CALL, &call));
	s->msg = call.recv;
	s->sent = call.sent;
	return result;
}

static long do_read(struct scene *s)
{
	return RESULT(read(s->q.fd, s->buf, BIG));
}

static long do_readv(struct scene *s)
{
	const struct iovec iov[] = { { s->buf, 2 }, { s->buf + 2, 100 } };

	return RESULT(readv(s->q.fd, iov, 2));
}

static long read_nowait(struct scene *s)
{
	const struct iovec iov = { s->buf, BIG };

	return RESULT(preadv2(s->q.fd, &iov, 1, -1, RWF_NOWAIT));
}

static long recv_ioctl(struct scene *s)
{
	s->msg = MSG(s->buf, BIG);
	return msg_recv(s->q.fd, &s->msg);
}

static long recv_too_small(struct scene *s)
{
	return msg_recv(s->q.fd, &MSG(s->buf, 1));
}

static long recv_timed_out(struct scene *s)
{
	static const struct __kernel_timespec soon = { 0, MS };
	const uint32_t flags = IPCQ_MSG_TIMEOUT | IPCQ_MSG_TIMESPEC;

	return msg_recv(s->others[1].fd, &MSG(s->buf, BIG, .flags = flags,
					      .timeout_ns = (uintptr_t)&soon));
}

static long get_attr(struct scene *s)
{
	struct ipcq_attr attr;

	return attr_get(s->q.fd, &attr);
}

static long set_attr(struct scene *s)
{
	return set_max_msgs(s->q.fd, 7);
}

static long do_purge(struct scene *s)
{
	return purge(s->q.fd);
}

static long shutdown_send(struct scene *s)
{
	return shut(s->q.fd, IPCQ_SHUT_SEND);
}

static long do_poll(struct scene *s)
{
	struct pollfd pfds[] = {
		{ s->q.fd, POLLIN | POLLOUT, 0 }, { s->others[1].fd, POLLIN, 0 },
	};

	return RESULT(poll(pfds, 2, 1));
}

static long do_epoll(struct scene *s)
{
	struct epoll_event event = { .events = EPOLLIN };
	int err;

	err = RESULT(epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->q.fd, &event));
	return err ? err : RESULT(epoll_wait(s->epoll, &event, 1, 0));
}

static long set_async(struct scene *s)
{
	return RESULT(fcntl(s->q.fd, F_SETFL, O_RDWR | O_ASYNC));
}

static long read_fdinfo(struct scene *s)
{
	char path[64];
	long len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", s->q.fd);
	fd = RESULT(open(path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	len = RESULT(read(fd, s->buf, BIG));
	close(fd);
	return len;
}

static long netlink_get(struct scene *s)
{
	return nl_queue(s->q.id).err;
}

static long netlink_get_by_name(struct scene *s)
{
	return nl_get_by_name(s->q.name);
}

static long netlink_dump(struct scene *s)
{
	(void)s;
	return nl_dump_queues();
}

static long netlink_openers(struct scene *s)
{
	return nl_dump_openers(s->q.id);
}

static long netlink_totals(struct scene *s)
{
	(void)s;
	return nl_totals().err;
}

static long netlink_reset(struct scene *s)
{
	return nl_reset(s->q.id, IPCQ_RESET_PEAK | IPCQ_RESET_COUNTERS);
}

/* It goes again: what moves into the ring moves back. */
static long make_ring(struct scene *s)
{
	int fd = ring_open(s->q.fd, RING, 0);

	return fd < 0 ? fd : RESULT(close(fd));
}

static long map_ring(struct scene *s)
{
	void *at = mmap(NULL, 2 * RING, PROT_READ, MAP_SHARED, s->ring,
			sysconf(_SC_PAGESIZE));

	if (at == MAP_FAILED)
		return -errno;
	/* That takes memory, too; but what fails does so once. */
	while (munmap(at, 2 * RING))
		;
	return 0;
}

static long wait_for_record(struct scene *s)
{
	const struct mapped r = { .fd = s->ring };

	return mapped_wait(&r, 0, 0);
}

static long poll_ring(struct scene *s)
{
	struct pollfd pfd = { s->ring, POLLIN, 0 };

	return RESULT(poll(&pfd, 1, 1));
}

/* Checks: what is true after the operation, whether it succeeded or not. */

static bool fd_was_made(struct scene *s, long result)
{
	return result < 0 ? s->made < 0 : s->made >= 0;
}

static bool queue_was_made(struct scene *s, long result)
{
	char path[IPCQ_NAME_MAX + 20];
	bool exists;

	snprintf(path, sizeof(path), "/dev/ipcq/%s", s->name);
	exists = !access(path, F_OK);
	return fd_was_made(s, result) && exists == (result >= 0);
}

static bool queue_was_destroyed(struct scene *s, long result)
{
	char path[IPCQ_NAME_MAX + 20];
	int fd;

	snprintf(path, sizeof(path), "/dev/ipcq/%s", s->name);
	fd = RESULT(open(path, O_RDWR | O_CLOEXEC));
	if (fd >= 0)
		close(fd);
	/* If only the answer could not be given, it may have been done. */
	return fd >= 0 ? result < 0 : fd == -ENOENT && (!result || result == -EFAULT);
}

static bool was_sent(struct scene *s, long result, uint64_t size)
{
	return s->after.depth == s->before.depth + (result >= 0) &&
	       s->after.bytes == s->before.bytes + (result >= 0 ? size : 0);
}

static bool five_were_sent(struct scene *s, long result)
{
	return was_sent(s, result, 5);
}

static bool many_were_sent(struct scene *s, long result)
{
	return was_sent(s, result, BIG);
}

static bool as_many_were_sent(struct scene *s, long result)
{
	return s->after.depth == s->before.depth + (result < 0 ? 0 : result);
}

static bool was_taken(struct scene *s, long result)
{
	return s->after.depth == s->before.depth - (result >= 0) &&
	       s->after.stats.counter[IPCQ_A_COUNTERS_RECEIVED] ==
	       s->before.stats.counter[IPCQ_A_COUNTERS_RECEIVED] + (result >= 0);
}

static bool was_called(struct scene *s, long result)
{
	return s->after.depth == s->before.depth + s->sent - (result >= 0) &&
	       (result < 0 || (s->msg.size == 4 && s->msg.prio == 9 &&
			       !memcmp(s->buf, "kept", 4)));
}

static bool was_received(struct scene *s, long result)
{
	return was_taken(s, result) && (result < 0 || !memcmp(s->buf, "kept", 4));
}

static bool record_was_received(struct scene *s, long result)
{
	const struct ipcq_record *record = (struct ipcq_record *)s->buf;

	return was_taken(s, result) &&
	       (result < 0 || (result == 1 && record->size == 4 && record->seq == 1 &&
			       record->prio == 9 && !memcmp(record + 1, "kept", 4)));
}

static bool is_described(struct scene *s, long result)
{
	return was_received(s, result) &&
	       (result < 0 || (s->msg.size == 4 && s->msg.seq == 1 && s->msg.prio == 9));
}

static bool is_unchanged(struct scene *s, long result)
{
	(void)result;
	return s->after.depth == s->before.depth && s->after.bytes == s->before.bytes &&
	       s->after.stats.counter[IPCQ_A_COUNTERS_SENT] ==
	       s->before.stats.counter[IPCQ_A_COUNTERS_SENT] &&
	       s->after.stats.counter[IPCQ_A_COUNTERS_RECEIVED] ==
	       s->before.stats.counter[IPCQ_A_COUNTERS_RECEIVED];
}

static bool was_configured(struct scene *s, long result)
{
	return is_unchanged(s, result) &&
	       s->after.max_msgs == (result ? s->before.max_msgs : 7);
}

static bool was_purged(struct scene *s, long result)
{
	uint64_t purged = s->after.stats.counter[IPCQ_A_COUNTERS_PURGED];

	/* If only the answer could not be given, it has been done, and counted. */
	return s->after.depth + purged == s->before.depth && (result < 0 || purged == 1);
}

static bool was_shut(struct scene *s, long result)
{
	return !(s->after.flags & IPCQ_F_SHUT_SEND) == !!result;
}

static bool was_reset(struct scene *s, long result)
{
	/* The request for it may have come through though the answer did not. */
	return s->after.depth == s->before.depth &&
	       (result || !s->after.stats.counter[IPCQ_A_COUNTERS_RECV_EMPTY]);
}

static bool all_were_told(struct scene *s, long result)
{
	return is_unchanged(s, result) && (result < 0 || result == nl_totals().queues);
}

static bool one_was_told(struct scene *s, long result)
{
	return is_unchanged(s, result) && (result < 0 || result == 1);
}

#define MAX_ERRS 4

/*
 * @errs are the errors documented, @normal what the operation returns without a
 * failure if that is an error, too.
 */
FIXTURE_VARIANT(every_site) {
	const char *name;
	long (*operation)(struct scene *s);
	bool (*check)(struct scene *s, long result);
	int errs[MAX_ERRS];
	int normal;
	bool makes;
	bool destroys;
	bool listens;
	bool mapped;
	bool may_have_none;
};

FIXTURE(every_site) {
	struct scene s;
	struct inject inject;
	int no_inject;	/* why there is none */
	struct sites sites;
	int fds;
	uint32_t queues;
};

#define OPERATION(name_, operation_, check_, ...)	\
	FIXTURE_VARIANT_ADD(every_site, name_) {	\
		.name = #name_,				\
		.operation = operation_,		\
		.check = check_,			\
		__VA_ARGS__				\
	}

#define ERRS(...) .errs = { __VA_ARGS__ }
#define NETLINK_ERRS ERRS(ENOMEM, EFAULT, ENOBUFS, ENFILE)

OPERATION(create_named, create_named, queue_was_made, ERRS(ENOMEM, EFAULT, ENFILE),
	  .makes = true);
OPERATION(create_anonymous, create_anonymous, fd_was_made, ERRS(ENOMEM, EFAULT, ENFILE));
OPERATION(create_with_listener, create_named, queue_was_made,
	  ERRS(ENOMEM, EFAULT, ENFILE), .makes = true, .listens = true);
OPERATION(open, open_node, fd_was_made, ERRS(ENOMEM, EFAULT, ENFILE));
OPERATION(open_end, open_end, fd_was_made, ERRS(ENOMEM, EFAULT, ENFILE));
OPERATION(open_control, open_control, fd_was_made, ERRS(ENOMEM, EFAULT, ENFILE));
OPERATION(destroy, destroy, queue_was_destroyed, ERRS(ENOMEM, EFAULT), .destroys = true);
OPERATION(destroy_with_listener, destroy, queue_was_destroyed, ERRS(ENOMEM, EFAULT),
	  .destroys = true, .listens = true);
OPERATION(write, do_write, five_were_sent, ERRS(ENOMEM, EFAULT));
OPERATION(write_big, write_big, many_were_sent, ERRS(ENOMEM, EFAULT));
OPERATION(writev, do_writev, five_were_sent, ERRS(ENOMEM, EFAULT));
OPERATION(write_nowait, write_nowait, five_were_sent, ERRS(ENOMEM, EFAULT, EAGAIN));
OPERATION(send, send_ioctl, five_were_sent, ERRS(ENOMEM, EFAULT));
OPERATION(send_timed_out, send_timed_out, is_unchanged, ERRS(ENOMEM, EFAULT, ETIMEDOUT),
	  .normal = ETIMEDOUT);
/* A small message is copied word by word, and the kernel lets none of that fail. */
OPERATION(read, do_read, was_received, ERRS(EFAULT), .may_have_none = true);
OPERATION(readv, do_readv, was_received, ERRS(EFAULT, ENOMEM));
OPERATION(read_nowait, read_nowait, was_received, ERRS(EFAULT, ENOMEM));
OPERATION(recv, recv_ioctl, is_described, ERRS(EFAULT));
OPERATION(recv_too_small, recv_too_small, is_unchanged, ERRS(EFAULT, EMSGSIZE),
	  .normal = EMSGSIZE);
OPERATION(recv_timed_out, recv_timed_out, is_unchanged, ERRS(EFAULT, ETIMEDOUT),
	  .normal = ETIMEDOUT);
OPERATION(send_batch, send_batch, as_many_were_sent, ERRS(ENOMEM, EFAULT));
OPERATION(recv_batch, recv_batch, record_was_received, ERRS(EFAULT));
OPERATION(call, call, was_called, ERRS(ENOMEM, EFAULT));
OPERATION(get_attr, get_attr, is_unchanged, ERRS(EFAULT));
OPERATION(set_attr, set_attr, was_configured, ERRS(EFAULT));
OPERATION(purge, do_purge, was_purged, ERRS(EFAULT));
OPERATION(purge_with_listener, do_purge, was_purged, ERRS(EFAULT), .listens = true);
OPERATION(shutdown, shutdown_send, was_shut, ERRS(EFAULT));
OPERATION(poll, do_poll, is_unchanged, ERRS(EFAULT, ENOMEM));
OPERATION(epoll, do_epoll, is_unchanged, ERRS(EFAULT, ENOMEM));
OPERATION(async, set_async, is_unchanged, ERRS(ENOMEM));
OPERATION(fdinfo, read_fdinfo, is_unchanged, ERRS(EFAULT, ENOMEM, ENFILE));
OPERATION(ring, make_ring, is_unchanged, ERRS(ENOMEM, EFAULT, ENFILE));
OPERATION(ring_map, map_ring, is_unchanged, ERRS(ENOMEM), .mapped = true);
OPERATION(ring_wait, wait_for_record, is_unchanged, ERRS(EFAULT), .mapped = true);
OPERATION(ring_poll, poll_ring, is_unchanged, ERRS(EFAULT, ENOMEM), .mapped = true);
/* As read is: and what fails here is tried again in another way. */
OPERATION(ring_write, do_write, five_were_sent, ERRS(ENOMEM, EFAULT), .mapped = true,
	  .may_have_none = true);
OPERATION(ring_write_big, write_big, many_were_sent, ERRS(ENOMEM, EFAULT), .mapped = true);
OPERATION(ring_writev, do_writev, five_were_sent, ERRS(ENOMEM, EFAULT), .mapped = true);
OPERATION(ring_send, send_ioctl, five_were_sent, ERRS(ENOMEM, EFAULT), .mapped = true);
OPERATION(ring_netlink_get, netlink_get, is_unchanged, NETLINK_ERRS, .mapped = true);
OPERATION(netlink_get, netlink_get, is_unchanged, NETLINK_ERRS);
OPERATION(netlink_get_by_name, netlink_get_by_name, is_unchanged, NETLINK_ERRS);
OPERATION(netlink_dump, netlink_dump, all_were_told, NETLINK_ERRS);
OPERATION(netlink_openers, netlink_openers, one_was_told, NETLINK_ERRS);
OPERATION(netlink_totals, netlink_totals, is_unchanged, NETLINK_ERRS);
OPERATION(netlink_reset, netlink_reset, was_reset, NETLINK_ERRS);

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

FIXTURE_SETUP(every_site)
{
	struct ipcq_attr one = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 1 };
	struct scene *s = &self->s;
	int i;

	s->q.fd = -1;
	/* To ask for it is an operation of the kernel's, not of the module's. */
	ASSERT_EQ(0, nl_keep_family());
	memset(s->buf, 'b', BIG);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, queue_make(&s->others[i], &one));
	ASSERT_EQ(1, fill(s->others[0].fd));
	s->control = open(CONTROL, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, s->control);
	s->listener = -1;
	if (variant->listens) {
		s->listener = nl_listen();
		ASSERT_LE(0, s->listener);
	}
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, s->epoll);
	self->no_inject = inject_begin(&self->inject);
	self->queues = nl_totals().queues;
	self->fds = count_fds();
}

FIXTURE_TEARDOWN(every_site)
{
	struct scene *s = &self->s;
	int i;

	if (!self->no_inject)
		inject_end(&self->inject);
	if (s->q.id) {
		EXPECT_EQ(0, queue_end(&s->q));
	}
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(0, queue_end(&s->others[i]));
	}
}

/* Make everything as the operation finds it. */
static int begin(struct scene *s, bool destroys, bool mapped)
{
	struct ipcq_create create = { .open_flags = O_RDWR | O_CLOEXEC };
	char buf[8];
	int fd;

	s->made = -1;
	if (queue_make(&s->q, NULL))
		return 1;
	/* So that there is a counter to be reset. */
	if (msg_recv(s->q.fd, &MSG(buf, 8, .flags = IPCQ_MSG_NONBLOCK)) != -EAGAIN ||
	    send_prio(s->q.fd, "kept", 9))
		return 1;
	s->ring = -1;
	if (mapped) {
		s->ring = ring_open(s->q.fd, RING, O_CLOEXEC);
		if (s->ring < 0)
			return 1;
	}
	queue_name(s->name);
	if (destroys) {
		strcpy(create.name, s->name);
		fd = queue_create(&create);
		if (fd < 0 || send_text(fd, "dropped"))
			return 1;
		close(fd);
	}
	while (s->listener >= 0 && nl_event(s->listener) >= 0)
		;
	s->before = nl_queue(s->q.id);
	return s->before.err;
}

/*
 * The queue works: what waits comes out, what is sent follows.  Whatever the
 * operation did to the queue is undone.
 */
static bool works(struct scene *s)
{
	fcntl(s->q.fd, F_SETFL, O_RDWR);
	if (shut(s->q.fd, 0) || send_text(s->q.fd, "after"))
		return false;
	while (s->after.depth--) {
		if (msg_recv(s->q.fd, &MSG(s->buf, BIG, .flags = IPCQ_MSG_NONBLOCK)))
			return false;
	}
	return !recv_text(s->q.fd, "after") && recv_text(s->q.fd, "") == -EAGAIN;
}

/* Undo what the operation has made. */
static void undo(struct scene *s)
{
	if (s->made >= 0)
		close(s->made);
	queue_destroy(s->name);
}

/* What was done has been told, or its loss has. */
static bool was_told(struct scene *s)
{
	bool told = false;
	int event;

	while ((event = nl_event(s->listener)) != -EAGAIN)
		told = told || event >= 0 || event == -ENOBUFS;
	return told;
}

static bool is_among(const int *errs, int err)
{
	int i;

	for (i = 0; i < MAX_ERRS; i++) {
		if (errs[i] == err)
			return true;
	}
	return false;
}

TEST_F_TIMEOUT(every_site, fails_in_turn, 280)
{
	struct scene *s = &self->s;
	unsigned int n = 0;
	bool hit = true;
	long result;

	if (self->no_inject)
		SKIP(return, "no fault injection in this kernel: %s",
		     strerror(-self->no_inject));
	while (hit) {
		n++;
		ASSERT_EQ(0, begin(s, variant->destroys, variant->mapped));
		inject_nth(&self->inject, n);
		result = variant->operation(s);
		hit = inject_was_hit(&self->inject);
		inject_nth(&self->inject, 0);
		if (hit)
			sites_add(&self->sites, result);

		if (s->ring >= 0)
			close(s->ring);
		EXPECT_TRUE(result >= 0 || (hit ? is_among(variant->errs, -result) :
						  -result == variant->normal))
			TH_LOG("site %u: %s", n, strerror(-result));
		s->after = nl_queue(s->q.id);
		ASSERT_EQ(0, s->after.err);
		EXPECT_TRUE(variant->check(s, result))
			TH_LOG("site %u, result %ld", n, result);
		EXPECT_EQ(0, nl_books(s->q.id))
			TH_LOG("site %u, result %ld", n, result);
		EXPECT_TRUE(!variant->listens || result < 0 || was_told(s))
			TH_LOG("site %u", n);
		EXPECT_TRUE(works(s))
			TH_LOG("site %u, result %ld", n, result);
		undo(s);
		ASSERT_EQ(0, queue_end(&s->q));
		s->q.id = 0;
		EXPECT_EQ(self->queues, nl_totals().queues)
			TH_LOG("site %u, result %ld", n, result);
		EXPECT_EQ(self->fds, count_fds())
			TH_LOG("site %u, result %ld", n, result);
		if (!_metadata->passed)
			break;
	}
	EXPECT_GE(n, variant->may_have_none ? 1 : 2);
	sites_print(&self->sites, variant->name);
}

TEST_HARNESS_MAIN
