// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring: what can be done is done while it is submitted, what cannot be is done when
 * the queue is ready, and no request is passed to a worker thread.  Every test ends by
 * looking for one.
 */
#include <dirent.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

/* Linux 6.7; newer than the header of Debian 12. */
#define READ_MULTISHOT	49

#define BUFFERS		4
#define BUFFER_SIZE	16
#define GROUP		7

/* Threads of this process in which io_uring does what it would have to block for. */
static int workers(void)
{
	DIR *tasks = opendir("/proc/self/task");
	char path[300], name[32];
	struct dirent *task;
	int found = 0;
	FILE *file;

	while (tasks && (task = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strncmp(name, "iou-wrk", 7))
			found++;
		fclose(file);
	}
	if (!tasks)
		return -errno;
	closedir(tasks);
	return found;
}

/* Prepare a request, with a tag to know its completion by. */
static struct io_uring_sqe *prepare(struct io_uring *ring, int op, int fd, const void *buf,
				    unsigned int size, uint64_t tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_rw(op, sqe, fd, buf, size, -1);
	io_uring_sqe_set_data64(sqe, tag);
	return sqe;
}

static struct io_uring_sqe *prepare_read(struct io_uring *ring, int fd, void *buf,
					 unsigned int size, uint64_t tag)
{
	return prepare(ring, IORING_OP_READ, fd, buf, size, tag);
}

static struct io_uring_sqe *prepare_write(struct io_uring *ring, int fd, const char *text,
					  uint64_t tag)
{
	return prepare(ring, IORING_OP_WRITE, fd, text, strlen(text), tag);
}

/**
 * struct done - a completion
 * @tag: of the request
 * @res: its result
 * @flags: IORING_CQE_F_*
 */
struct done {
	uint64_t tag;
	int res;
	unsigned int flags;
};

/* Await the next completion. */
static struct done reap(struct io_uring *ring)
{
	struct __kernel_timespec limit = { .tv_sec = 20 * time_factor() };
	struct done done = { .tag = UINT64_MAX };
	struct io_uring_cqe *cqe;

	done.res = io_uring_wait_cqe_timeout(ring, &cqe, &limit);
	if (done.res)
		return done;
	done = (struct done) { cqe->user_data, cqe->res, cqe->flags };
	io_uring_cqe_seen(ring, cqe);
	return done;
}

/* Await the completions of the requests 1 and 2, which come in any order. */
#define EXPECT_CQES(ring, result1, result2)				\
	do {								\
		struct done __a = reap(ring), __b = reap(ring);	\
									\
		ASSERT_EQ(3, __a.tag + __b.tag);		\
		EXPECT_EQ(result1, __a.tag == 1 ? __a.res : __b.res);	\
		EXPECT_EQ(result2, __a.tag == 1 ? __b.res : __a.res);	\
	} while (0)

#define EXPECT_CQE(ring, which, result)					\
	do {								\
		struct done __done = reap(ring);			\
									\
		EXPECT_EQ(which, __done.tag);			\
		EXPECT_EQ(result, __done.res);				\
	} while (0)

/* How many are complete that nobody has waited for. */
#define EXPECT_COMPLETE(ring, number)	EXPECT_EQ(number, io_uring_cq_ready(ring))

/* A queue for two messages whose two ends hang up, and a ring. */
FIXTURE(uring) {
	struct queue q;
	int reader;
	int writer;
	struct io_uring ring;
	int workers;
};

FIXTURE_SETUP(uring)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_MSG_SIZE,
		.max_msgs = 2,
		.max_msg_size = 16,
	};
	int err;

	err = io_uring_queue_init(32, &self->ring, 0);
	if (err == -ENOSYS || err == -EPERM)
		SKIP(return, "no io_uring: %s", strerror(-err));
	ASSERT_EQ(0, err);
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, queue_make_anonymous(&self->q, &attr, O_RDWR));
	self->reader = queue_open_end(self->q.fd, O_RDONLY);
	self->writer = queue_open_end(self->q.fd, O_WRONLY);
	ASSERT_GE(self->reader, 0);
	ASSERT_GE(self->writer, 0);
	close(self->q.fd);
	self->q.fd = -1;
}

FIXTURE_TEARDOWN(uring)
{
	EXPECT_EQ(self->workers, workers());
	EXPECT_EQ(0, nl_queue(self->q.id).blocked_senders);
	EXPECT_EQ(0, nl_queue(self->q.id).blocked_receivers);
	io_uring_queue_exit(&self->ring);
	close(self->reader);
	close(self->writer);
	EXPECT_EQ(0, queue_end(&self->q));
}

/* Otherwise that there is none would mean nothing. */
TEST_F(uring, a_worker_would_be_seen)
{
	struct io_uring_sqe *sqe;
	char buf[16];

	sqe = prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	self->workers = 1;
	EXPECT_EQ(1, workers());
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_CQE(&self->ring, 1, 1);
}

TEST_F(uring, transfers_while_it_is_submitted)
{
	char buf[16];

	prepare_write(&self->ring, self->writer, "hello", 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 1);
	EXPECT_CQE(&self->ring, 1, 5);
	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 1);
	EXPECT_CQE(&self->ring, 2, 5);
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

TEST_F(uring, several_buffers_are_one_message)
{
	char first[2], second[14];
	struct iovec out[] = { { "he", 2 }, { "llo", 3 } };
	struct iovec in[] = { { first, 2 }, { second, 14 } };

	prepare(&self->ring, IORING_OP_READV, self->reader, in, 2, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	prepare(&self->ring, IORING_OP_WRITEV, self->writer, out, 2, 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 2, 5);
	EXPECT_CQE(&self->ring, 1, 5);
	EXPECT_EQ(0, memcmp(first, "he", 2));
	EXPECT_EQ(0, memcmp(second, "llo", 3));
}

TEST_F(uring, a_read_waits_for_a_message)
{
	char buf[16];

	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	EXPECT_EQ(0, workers());
	ASSERT_EQ(0, send_text(self->writer, "later"));
	EXPECT_CQE(&self->ring, 1, 5);
	EXPECT_EQ(0, memcmp(buf, "later", 5));
	/* No program was refused. */
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_RECV_EMPTY));
}

TEST_F(uring, a_write_waits_for_room)
{
	ASSERT_EQ(0, send_text(self->writer, "a"));
	ASSERT_EQ(0, send_text(self->writer, "b"));
	prepare_write(&self->ring, self->writer, "later", 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	EXPECT_EQ(0, workers());
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, recv_text(self->reader, "a"));
	EXPECT_CQE(&self->ring, 1, 5);
	EXPECT_EQ(0, recv_text(self->reader, "b"));
	EXPECT_EQ(0, recv_text(self->reader, "later"));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SEND_FULL));
}

/* As a nonblocking descriptor of a pipe does: the ring is what waits. */
TEST_F(uring, a_nonblocking_descriptor_waits_too)
{
	char buf[16];

	ASSERT_EQ(0, fcntl(self->reader, F_SETFL, O_NONBLOCK));
	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	ASSERT_EQ(0, send_text(self->writer, "later"));
	EXPECT_CQE(&self->ring, 1, 5);
}

TEST_F(uring, nowait_is_told_so)
{
	char buf[16];

	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1)->rw_flags = RWF_NOWAIT;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 1);
	EXPECT_CQE(&self->ring, 1, -EAGAIN);
}

/* Twice what fits, in one submission, with who makes room behind it. */
TEST_F(uring, both_directions_of_a_full_queue)
{
	static const char *const texts[] = { "0", "1", "2", "3" };
	unsigned int sent = 0, received = 0, i;
	struct done done;
	char bufs[4][16];

	for (i = 0; i < 4; i++)
		prepare_write(&self->ring, self->writer, texts[i], i);
	for (i = 0; i < 4; i++)
		prepare_read(&self->ring, self->reader, bufs[i], 16, 4 + i);
	ASSERT_EQ(8, io_uring_submit(&self->ring));
	for (i = 0; i < 8; i++) {
		done = reap(&self->ring);
		ASSERT_EQ(1, done.res);
		if (done.tag < 4)
			sent |= 1 << done.tag;
		else
			received |= 1 << (bufs[done.tag - 4][0] - '0');
	}
	EXPECT_EQ(15, sent);
	EXPECT_EQ(15, received);
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
}

TEST_F(uring, of_many_reads_each_gets_one)
{
	char bufs[4][16];
	unsigned int seen = 0, i;
	struct done done;

	for (i = 0; i < 4; i++)
		prepare_read(&self->ring, self->reader, bufs[i], 16, i);
	ASSERT_EQ(4, io_uring_submit(&self->ring));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, send_text(self->writer, "each"));
		done = reap(&self->ring);
		ASSERT_EQ(4, done.res);
		EXPECT_EQ(0, memcmp(bufs[done.tag & 3], "each", 4));
		seen |= 1 << done.tag;
		EXPECT_COMPLETE(&self->ring, 0);
	}
	EXPECT_EQ(15, seen);
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

/* Sends, and is as often as not the one who receives it. */
static int send_and_receive(void *arg)
{
	const FIXTURE_DATA(uring) *self = arg;
	int i, err;

	for (i = 0; i < 50; i++) {
		CHECK(send_text(self->writer, "x") == 0);
		err = recv_text(self->reader, "x");
		CHECK(!err || err == -EAGAIN);
		if (err)
			break;
	}
	return 0;
}

TEST_F(uring, a_read_that_comes_too_late_waits_on)
{
	char buf[16];

	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, child_run(send_and_receive, self));
	if (!io_uring_cq_ready(&self->ring))
		ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_CQE(&self->ring, 1, 1);
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
}

TEST_F(uring, cancelled_reads_take_nothing)
{
	struct io_uring_sqe *sqe;
	char buf[16];

	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	io_uring_sqe_set_data64(sqe, 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQES(&self->ring, -ECANCELED, 0);
	ASSERT_EQ(0, send_text(self->writer, "kept"));
	EXPECT_EQ(0, recv_text(self->reader, "kept"));
}

TEST_F(uring, cancelled_writes_send_nothing)
{
	struct io_uring_sqe *sqe;

	ASSERT_EQ(2, fill(self->writer));
	prepare_write(&self->ring, self->writer, "never", 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	io_uring_sqe_set_data64(sqe, 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQES(&self->ring, -ECANCELED, 0);
	EXPECT_EQ(2, drain(self->reader));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SENT));
}

TEST_F(uring, a_linked_timeout_ends_a_read)
{
	struct __kernel_timespec soon = { .tv_nsec = MS };
	struct io_uring_sqe *sqe;
	char buf[16];

	sqe = prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_link_timeout(sqe, &soon, 0);
	io_uring_sqe_set_data64(sqe, 2);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	EXPECT_CQES(&self->ring, -ECANCELED, -ETIME);
	ASSERT_EQ(0, send_text(self->writer, "kept"));
	EXPECT_EQ(0, recv_text(self->reader, "kept"));
}

TEST_F(uring, what_is_linked_comes_after)
{
	struct io_uring_sqe *sqe;
	char buf[16];

	sqe = prepare_write(&self->ring, self->writer, "linked", 1);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 2);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 1, 6);
	EXPECT_CQE(&self->ring, 2, 6);
	EXPECT_EQ(0, memcmp(buf, "linked", 6));
}

/* io_uring takes a message shorter than the buffer for a failure, but to a hard link. */
TEST_F(uring, what_is_linked_waits_too)
{
	struct io_uring_sqe *sqe;
	char buf[16];

	sqe = prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_HARDLINK);
	prepare_write(&self->ring, self->writer, "answer", 2);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	ASSERT_EQ(0, send_text(self->writer, "question"));
	EXPECT_CQE(&self->ring, 1, 8);
	EXPECT_CQE(&self->ring, 2, 6);
	EXPECT_EQ(0, recv_text(self->reader, "answer"));
}

TEST_F(uring, what_is_linked_to_a_failure_is_cancelled)
{
	struct io_uring_sqe *sqe;
	char buf[16];

	ASSERT_EQ(0, send_text(self->writer, "too long"));
	sqe = prepare_read(&self->ring, self->reader, buf, 4, 1);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	prepare_write(&self->ring, self->writer, "never", 2);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 1, -EMSGSIZE);
	EXPECT_CQE(&self->ring, 2, -ECANCELED);
	EXPECT_EQ(0, recv_text(self->reader, "too long"));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
}

TEST_F(uring, registered_descriptors_and_buffers)
{
	int fds[2] = { self->reader, self->writer };
	char memory[2][16] = { "hello" };
	struct iovec buffers[2] = { { memory[0], 16 }, { memory[1], 16 } };
	struct io_uring_sqe *sqe;

	ASSERT_EQ(0, io_uring_register_files(&self->ring, fds, 2));
	ASSERT_EQ(0, io_uring_register_buffers(&self->ring, buffers, 2));
	sqe = prepare(&self->ring, IORING_OP_READ_FIXED, 0, memory[1], 16, 1);
	sqe->buf_index = 1;
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	sqe = prepare(&self->ring, IORING_OP_WRITE_FIXED, 1, memory[0], 5, 2);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 2, 5);
	EXPECT_CQE(&self->ring, 1, 5);
	EXPECT_STREQ("hello", memory[1]);
}

TEST_F(uring, the_end_of_file)
{
	char buf[16];

	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	close(self->writer);
	self->writer = -1;
	EXPECT_CQE(&self->ring, 1, 0);
	prepare_read(&self->ring, self->reader, buf, sizeof(buf), 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 1);
	EXPECT_CQE(&self->ring, 2, 0);
}

TEST_F(uring, a_broken_pipe)
{
	ASSERT_EQ(2, fill(self->writer));
	prepare_write(&self->ring, self->writer, "x", 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	close(self->reader);
	self->reader = -1;
	EXPECT_CQE(&self->ring, 1, -EPIPE);
	prepare_write(&self->ring, self->writer, "x", 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 1);
	EXPECT_CQE(&self->ring, 2, -EPIPE);
}

TEST_F(uring, what_does_not_fit_stays)
{
	char buf[16];

	/* Waiting for it or not. */
	prepare_read(&self->ring, self->reader, buf, 4, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	ASSERT_EQ(0, send_text(self->writer, "hello"));
	EXPECT_CQE(&self->ring, 1, -EMSGSIZE);
	prepare_read(&self->ring, self->reader, buf, 4, 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 2, -EMSGSIZE);
	EXPECT_EQ(0, recv_text(self->reader, "hello"));
	/* And what is larger than the queue takes. */
	prepare_write(&self->ring, self->writer, "seventeen letters", 3);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 3, -EMSGSIZE);
}

TEST_F(uring, addresses_that_are_not_ours)
{
	prepare(&self->ring, IORING_OP_WRITE, self->writer, nowhere, 5, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 1, -EFAULT);
	prepare_read(&self->ring, self->reader, nowhere, 16, 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, send_text(self->writer, "kept"));
	EXPECT_CQE(&self->ring, 2, -EFAULT);
	EXPECT_EQ(0, recv_text(self->reader, "kept"));
}

TEST_F(uring, wrong_end)
{
	char buf[16];

	prepare_read(&self->ring, self->writer, buf, sizeof(buf), 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 1, -EBADF);
	prepare_write(&self->ring, self->reader, "x", 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQE(&self->ring, 2, -EBADF);
}

/* The request holds the file; the ring that is closed lets go of it. */
TEST_F(uring, a_closed_ring_takes_nothing)
{
	struct pollfd broken = { .fd = self->writer };
	struct io_uring other;
	char buf[16];

	ASSERT_EQ(0, io_uring_queue_init(8, &other, 0));
	prepare_read(&other, self->reader, buf, sizeof(buf), 1);
	ASSERT_EQ(1, io_uring_submit(&other));
	close(self->reader);
	self->reader = -1;
	EXPECT_EQ(1, nl_queue(self->q.id).receivers);
	io_uring_queue_exit(&other);
	/* This happens in the background. */
	EXPECT_EQ(1, poll(&broken, 1, 20000 * time_factor()));
	EXPECT_EQ(POLLERR, broken.revents);
	EXPECT_EQ(0, nl_queue(self->q.id).receivers);
	EXPECT_EQ(-EPIPE, send_text(self->writer, "x"));
}

struct killed {
	int reader;
	int ready;
};

/* Submits a read and waits to be killed. */
static int wait_with_a_read(void *arg)
{
	struct killed *killed = arg;
	struct io_uring ring;
	char buf[16];

	CHECK(io_uring_queue_init(8, &ring, 0) == 0);
	prepare_read(&ring, killed->reader, buf, sizeof(buf), 1);
	CHECK(io_uring_submit(&ring) == 1);
	CHECK(write(killed->ready, "!", 1) == 1);
	for (;;)
		pause();
}

TEST_F(uring, a_killed_process_takes_nothing)
{
	struct killed killed = { .reader = self->reader };
	int ready[2];
	char one;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	killed.ready = ready[1];
	pid = child_start(wait_with_a_read, &killed);
	ASSERT_EQ(1, read(ready[0], &one, 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(0, send_text(self->writer, "kept"));
	EXPECT_EQ(0, recv_text(self->reader, "kept"));
	close(ready[0]);
	close(ready[1]);
}

/* A thread of the kernel submits; the messages are ours. */
TEST_F(uring, a_kernel_thread_submits)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL };
	struct io_uring polled;
	char buf[16];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	ASSERT_EQ(0, io_uring_queue_init_params(8, &polled, &params));
	prepare_write(&polled, self->writer, "hello", 1);
	ASSERT_EQ(1, io_uring_submit(&polled));
	EXPECT_CQE(&polled, 1, 5);
	ASSERT_EQ(0, msg_recv(self->reader, &msg));
	EXPECT_EQ(getpid(), msg.pid);
	prepare_read(&polled, self->reader, buf, sizeof(buf), 2);
	ASSERT_EQ(1, io_uring_submit(&polled));
	ASSERT_EQ(0, send_text(self->writer, "later"));
	EXPECT_CQE(&polled, 2, 5);
	EXPECT_EQ(0, memcmp(buf, "later", 5));
	io_uring_queue_exit(&polled);
}

/* Buffers that the kernel chooses from when a message is there. */
FIXTURE(provided) {
	struct queue q;
	struct io_uring ring;
	char memory[BUFFERS][BUFFER_SIZE];
};

/* Give a buffer to the kernel, or @number of them. */
static int provide(struct io_uring *ring, char (*memory)[BUFFER_SIZE], int number, int first)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_provide_buffers(sqe, memory + first, BUFFER_SIZE, number, GROUP, first);
	io_uring_sqe_set_data64(sqe, 100);
	if (io_uring_submit(ring) != 1)
		return -EINVAL;
	return reap(ring).res;
}

FIXTURE_SETUP(provided)
{
	int err;

	err = io_uring_queue_init(32, &self->ring, 0);
	if (err == -ENOSYS || err == -EPERM)
		SKIP(return, "no io_uring: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, queue_make_anonymous(&self->q, NULL, O_RDWR));
	ASSERT_EQ(0, provide(&self->ring, self->memory, BUFFERS, 0));
}

FIXTURE_TEARDOWN(provided)
{
	EXPECT_EQ(0, workers());
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, queue_end(&self->q));
}

/* The buffer in which a completion left its message. */
static int buffer_of(const struct done *done)
{
	return done->flags & IORING_CQE_F_BUFFER ? (int)(done->flags >> IORING_CQE_BUFFER_SHIFT) :
						  -1;
}

static void prepare_chosen(struct io_uring *ring, int op, int fd, unsigned int size,
			   uint64_t tag)
{
	struct io_uring_sqe *sqe = prepare(ring, op, fd, NULL, size, tag);

	sqe->buf_group = GROUP;
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
}

/* One completion: of which request, the text, the buffer it lies in, and whether more will come. */
#define EXPECT_CHOSEN(which, text, buffer, more)					\
	do {									\
		struct done __got = reap(&self->ring);			\
										\
		EXPECT_EQ(which, __got.tag);				\
		ASSERT_EQ((int)strlen(text), __got.res);			\
		ASSERT_EQ(buffer, buffer_of(&__got));				\
		EXPECT_EQ(0, memcmp(self->memory[buffer], text, strlen(text)));	\
		EXPECT_EQ(more, !!(__got.flags & IORING_CQE_F_MORE));		\
	} while (0)

TEST_F(provided, one_is_chosen_when_a_message_comes)
{
	int first;
	struct done done;

	prepare_chosen(&self->ring, IORING_OP_READ, self->q.fd, BUFFER_SIZE, 1);
	prepare_chosen(&self->ring, IORING_OP_READ, self->q.fd, BUFFER_SIZE, 2);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	ASSERT_EQ(0, send_text(self->q.fd, "one"));
	done = reap(&self->ring);
	ASSERT_EQ(3, done.res);
	first = buffer_of(&done);
	ASSERT_GE(first, 0);
	ASSERT_LT(first, BUFFERS);
	EXPECT_EQ(0, memcmp(self->memory[first], "one", 3));
	ASSERT_EQ(0, send_text(self->q.fd, "two"));
	done = reap(&self->ring);
	ASSERT_EQ(3, done.res);
	EXPECT_NE(first, buffer_of(&done));
}

static bool has_multishot(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool has = probe && io_uring_opcode_supported(probe, READ_MULTISHOT);

	io_uring_free_probe(probe);
	return has;
}

#define NEED_MULTISHOT()							\
	do {									\
		if (!has_multishot(&self->ring))				\
			SKIP(return, "reads that repeat need Linux 6.7");	\
	} while (0)

static void prepare_multishot(struct io_uring *ring, int fd, uint64_t tag)
{
	prepare_chosen(ring, READ_MULTISHOT, fd, 0, tag);
}

TEST_F(provided, one_request_reads_many_messages)
{
	NEED_MULTISHOT();
	ASSERT_EQ(0, send_text(self->q.fd, "before"));
	prepare_multishot(&self->ring, self->q.fd, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 1);
	EXPECT_CHOSEN(1, "before", 0, true);
	ASSERT_EQ(0, send_text(self->q.fd, "one"));
	EXPECT_CHOSEN(1, "one", 1, true);
	/* Two at once stay two. */
	ASSERT_EQ(0, send_text(self->q.fd, "two"));
	ASSERT_EQ(0, send_text(self->q.fd, "three"));
	EXPECT_CHOSEN(1, "two", 2, true);
	EXPECT_CHOSEN(1, "three", 3, true);
	ASSERT_EQ(0, provide(&self->ring, self->memory, 1, 0));
	ASSERT_EQ(0, send_text(self->q.fd, "four"));
	EXPECT_CHOSEN(1, "four", 0, true);
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
}

TEST_F(provided, without_a_buffer_the_message_stays)
{
	struct done done;
	int i;

	NEED_MULTISHOT();
	prepare_multishot(&self->ring, self->q.fd, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	for (i = 0; i < BUFFERS; i++) {
		ASSERT_EQ(0, send_text(self->q.fd, "x"));
		EXPECT_CHOSEN(1, "x", i, true);
	}
	ASSERT_EQ(0, send_text(self->q.fd, "kept"));
	done = reap(&self->ring);
	EXPECT_EQ(-ENOBUFS, done.res);
	EXPECT_EQ(0, done.flags & IORING_CQE_F_MORE);
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, provide(&self->ring, self->memory, 1, 2));
	prepare_multishot(&self->ring, self->q.fd, 3);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CHOSEN(3, "kept", 2, true);
}

TEST_F(provided, a_message_larger_than_a_buffer_ends_it_and_stays)
{
	struct done done;

	NEED_MULTISHOT();
	prepare_multishot(&self->ring, self->q.fd, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, send_text(self->q.fd, "seventeen letters"));
	done = reap(&self->ring);
	EXPECT_EQ(-EMSGSIZE, done.res);
	EXPECT_EQ(0, done.flags & IORING_CQE_F_MORE);
	EXPECT_EQ(0, recv_text(self->q.fd, "seventeen letters"));
}

/* As a read that returns 0 ends whatever reads a pipe. */
TEST_F(provided, an_empty_message_and_the_end_of_file_end_it)
{
	struct done done;

	NEED_MULTISHOT();
	prepare_multishot(&self->ring, self->q.fd, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, send_text(self->q.fd, ""));
	done = reap(&self->ring);
	EXPECT_EQ(0, done.res);
	EXPECT_EQ(0, done.flags & IORING_CQE_F_MORE);
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	prepare_multishot(&self->ring, self->q.fd, 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_COMPLETE(&self->ring, 0);
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	done = reap(&self->ring);
	EXPECT_EQ(2, done.tag);
	EXPECT_EQ(0, done.res);
	EXPECT_EQ(0, done.flags & IORING_CQE_F_MORE);
}

TEST_F(provided, a_request_that_repeats_can_be_cancelled)
{
	struct io_uring_sqe *sqe;

	NEED_MULTISHOT();
	prepare_multishot(&self->ring, self->q.fd, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, send_text(self->q.fd, "one"));
	EXPECT_CHOSEN(1, "one", 0, true);
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	io_uring_sqe_set_data64(sqe, 2);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_CQES(&self->ring, -ECANCELED, 0);
	ASSERT_EQ(0, send_text(self->q.fd, "kept"));
	EXPECT_EQ(0, recv_text(self->q.fd, "kept"));
}

TEST_HARNESS_MAIN
