// SPDX-License-Identifier: GPL-2.0-only
/* Every error of every call that one process can bring about by its arguments. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(errors) {
	struct queue q;
	int control;
	void *read_only;
};

FIXTURE_SETUP(errors)
{
	ASSERT_EQ(0, queue_make(&self->q, NULL));
	self->control = open(CONTROL, O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->control, 0);
	self->read_only = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->read_only);
}

FIXTURE_TEARDOWN(errors)
{
	close(self->control);
	EXPECT_EQ(0, queue_end(&self->q));
}

/* Put an argument where the kernel can read it and not write it. */
static void *frozen(void *page, const void *arg, size_t size)
{
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	memcpy(page, arg, size);
	mprotect(page, 4096, PROT_READ);
	return page;
}

static struct ipcq_create a_create(void)
{
	struct ipcq_create create = { .open_flags = O_RDWR };

	queue_name(create.name);
	return create;
}

/* CREATE, which must fail, with one wrong thing, and leave no queue behind. */
static int create_wrong(const struct ipcq_create *create)
{
	struct ipcq_create c = *create;
	uint32_t queues = nl_totals().queues;
	int err = queue_create(&c);

	if (err >= 0) {
		close(err);
		queue_destroy(c.name);
		return 0;
	}
	if (nl_totals().queues != queues)
		return 1;
	return err;
}

#define CREATE_WRONG(field, value) ({			\
	struct ipcq_create __c = a_create();		\
							\
	__c.field = (value);				\
	create_wrong(&__c);				\
})

#define CREATE_WRONG_ATTR(bit, field, value) ({		\
	struct ipcq_create __c = a_create();		\
							\
	__c.attr.mask = (bit);				\
	__c.attr.field = (value);			\
	create_wrong(&__c);				\
})

TEST_F(errors, create_einval)
{
	unsigned int bit;

	for (bit = 1; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, CREATE_WRONG(flags, 1u << bit));
	EXPECT_EQ(-EINVAL, CREATE_WRONG(open_flags, O_ACCMODE));
	EXPECT_EQ(-EINVAL, CREATE_WRONG(open_flags, O_RDWR | O_APPEND));
	EXPECT_EQ(-EINVAL, CREATE_WRONG(open_flags, O_RDWR | O_CREAT));
	EXPECT_EQ(-EINVAL, CREATE_WRONG(open_flags, 0x80000000));
	for (bit = 10; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, CREATE_WRONG(attr.mask, 1u << bit));
	for (bit = 7; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_FLAGS, flags, 1u << bit));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_ORDER, order, 2));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_ORDER, order, ~0u));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_MSGS, max_msgs, 0));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_MSGS, max_msgs, (1 << 24) + 1));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_MSGS, max_msgs, ~0u));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_BYTES, max_bytes, 0));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_BYTES, max_bytes,
					     (1ull << 40) + 1));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_BYTES, max_bytes, ~0ull));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_MSG_SIZE, max_msg_size, 0));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MAX_MSG_SIZE, max_msg_size,
					     (1 << 26) + 1));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MODE, mode, 01000));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_MODE, mode, 0100600));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_UID, uid, ~0u));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_GID, gid, ~0u));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_HIGH_PCT, high_pct, 0));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_HIGH_PCT, high_pct, 101));
	/* The default of the other one is 50, and 80. */
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_HIGH_PCT, high_pct, 50));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_LOW_PCT, low_pct, 80));
	EXPECT_EQ(-EINVAL, CREATE_WRONG_ATTR(IPCQ_ATTR_LOW_PCT, low_pct, 100));
}

TEST_F(errors, create_einval_message_larger_than_queue)
{
	struct ipcq_create create = a_create();

	create.attr.mask = IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE;
	create.attr.max_bytes = 100;
	create.attr.max_msg_size = 101;
	EXPECT_EQ(-EINVAL, create_wrong(&create));
}

TEST_F(errors, fields_without_their_bit_are_not_looked_at)
{
	struct ipcq_create create = a_create();
	int fd;

	memset(&create.attr, 0xff, sizeof(create.attr));
	create.attr.mask = 0;
	fd = queue_create(&create);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0600, create.attr.mode);
	close(fd);
	EXPECT_EQ(0, queue_destroy(create.name));
}

static const char * const bad_names[] = {
	".", "..", ".hidden", "control", "a/b", "/", "../control", "a b", "a\n", "a:b",
	"a\\b", "\xc3\xa4", "a,b", "a@b", "!", "*", "%s", "a\x7f",
};

TEST_F(errors, names_that_are_none)
{
	struct ipcq_destroy destroy;
	struct ipcq_create create;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_names); i++) {
		create = a_create();
		strcpy(create.name, bad_names[i]);
		EXPECT_EQ(-EINVAL, create_wrong(&create))
			TH_LOG("'%s'", bad_names[i]);
		EXPECT_EQ(-EINVAL, queue_destroy(bad_names[i]))
			TH_LOG("'%s'", bad_names[i]);
	}
	/* Without an end. */
	create = a_create();
	memset(create.name, 'n', sizeof(create.name));
	EXPECT_EQ(-EINVAL, create_wrong(&create));
	destroy = (struct ipcq_destroy) {};
	memset(destroy.name, 'n', sizeof(destroy.name));
	EXPECT_EQ(-EINVAL, RESULT(ioctl(self->control, IPCQ_IOC_DESTROY, &destroy)));
	/* Empty. */
	EXPECT_EQ(-EINVAL, queue_destroy(""));
}

TEST_F(errors, names_that_are)
{
	static const char * const names[] = {
		"a", "Z", "0", "-", "_", "a.b", "-rf", "control.", "Control", "_._-",
		"n23456789012345678901234567890123456789012345678901234567890123",
	};
	struct ipcq_create create;
	struct queue q = {};
	unsigned int i;
	int fd, node;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		create = a_create();
		strcpy(create.name, names[i]);
		strcpy(q.name, names[i]);
		fd = queue_create(&create);
		ASSERT_GE(fd, 0)
			TH_LOG("'%s'", names[i]);
		EXPECT_STREQ(names[i], create.attr.name);
		node = queue_open(&q, O_RDWR);
		EXPECT_GE(node, 0);
		EXPECT_EQ(0, send_text(node, "x"));
		EXPECT_EQ(0, recv_text(fd, "x"));
		close(node);
		close(fd);
		EXPECT_EQ(0, queue_destroy(names[i]));
		EXPECT_EQ(-ENOENT, queue_open(&q, O_RDWR));
	}
}

TEST_F(errors, create_eexist)
{
	struct ipcq_create create = a_create();

	strcpy(create.name, self->q.name);
	EXPECT_EQ(-EEXIST, create_wrong(&create));
	EXPECT_EQ(0, send_text(self->q.fd, "still there"));
	EXPECT_EQ(0, recv_text(self->q.fd, "still there"));
}

TEST_F(errors, create_emfile)
{
	struct rlimit old, none = {};
	struct ipcq_create create = a_create();
	int err;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none.rlim_max = old.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	err = RESULT(ioctl(self->control, IPCQ_IOC_CREATE, &create));
	EXPECT_EQ(-EMFILE, queue_open_end(self->q.fd, O_RDONLY));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(-EMFILE, err);
	EXPECT_EQ(-ENOENT, queue_destroy(create.name));
}

TEST_F(errors, create_efault)
{
	struct ipcq_create create = a_create();
	uint32_t queues = nl_totals().queues;
	char path[IPCQ_NAME_MAX + 20];
	struct queue q = {};

	EXPECT_EQ(-EFAULT, RESULT(ioctl(self->control, IPCQ_IOC_CREATE, nowhere)));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(self->control, IPCQ_IOC_CREATE,
					frozen(self->read_only, &create, sizeof(create)))));
	EXPECT_EQ(queues, nl_totals().queues);
	strcpy(q.name, create.name);
	EXPECT_EQ(-ENOENT, RESULT(access(queue_path(&q, path), F_OK)));
}

TEST_F(errors, destroy)
{
	struct ipcq_destroy destroy = {};

	EXPECT_EQ(-ENOENT, queue_destroy("there-is-no-such-queue"));

	strcpy(destroy.name, self->q.name);
	destroy.pad = 1;
	EXPECT_EQ(-EINVAL, RESULT(ioctl(self->control, IPCQ_IOC_DESTROY, &destroy)));
	destroy.pad = 0;
	for (unsigned int bit = 1; bit < 32; bit++) {
		destroy.flags = 1u << bit;
		EXPECT_EQ(-EINVAL, RESULT(ioctl(self->control, IPCQ_IOC_DESTROY, &destroy)));
	}
	destroy.flags = 0;
	EXPECT_EQ(-EFAULT, RESULT(ioctl(self->control, IPCQ_IOC_DESTROY, nowhere)));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(self->control, IPCQ_IOC_DESTROY,
					frozen(self->read_only, &destroy, sizeof(destroy)))));
	ASSERT_EQ(0, send_text(self->q.fd, "waits"));
	destroy.flags = IPCQ_DESTROY_IF_EMPTY;
	EXPECT_EQ(-EBUSY, RESULT(ioctl(self->control, IPCQ_IOC_DESTROY, &destroy)));
	EXPECT_EQ(1, destroy.depth);
	/* After all that it still has its name. */
	EXPECT_EQ(0, close(queue_open(&self->q, O_RDWR)));
}

TEST_F(errors, control_is_no_queue)
{
	char buf[8] = {};
	struct ipcq_attr attr = {};
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	EXPECT_EQ(-EINVAL, RESULT(read(self->control, buf, sizeof(buf))));
	EXPECT_EQ(-EINVAL, RESULT(write(self->control, buf, sizeof(buf))));
	EXPECT_EQ(-ESPIPE, RESULT(lseek(self->control, 0, SEEK_SET)));
	EXPECT_EQ(-ENOTTY, msg_send(self->control, &msg));
	EXPECT_EQ(-ENOTTY, msg_recv(self->control, &msg));
	EXPECT_EQ(-ENOTTY, attr_get(self->control, &attr));
	EXPECT_EQ(-ENOTTY, attr_set(self->control, &attr));
	EXPECT_EQ(-ENOTTY, purge(self->control));
	EXPECT_EQ(-ENOTTY, shut(self->control, 0));
	EXPECT_EQ(-ENOTTY, queue_open_end(self->control, O_RDONLY));
}

TEST_F(errors, a_queue_is_no_control)
{
	struct ipcq_create create = a_create();
	struct ipcq_destroy destroy = {};

	strcpy(destroy.name, self->q.name);
	EXPECT_EQ(-ENOTTY, RESULT(ioctl(self->q.fd, IPCQ_IOC_CREATE, &create)));
	EXPECT_EQ(-ENOTTY, RESULT(ioctl(self->q.fd, IPCQ_IOC_DESTROY, &destroy)));
}

TEST_F(errors, enotty)
{
	const unsigned int fds[] = { self->control, self->q.fd };
	char buf[256] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(-ENOTTY, RESULT(ioctl(fds[i], 0, buf)));
		EXPECT_EQ(-ENOTTY, RESULT(ioctl(fds[i], ~0u, buf)));
		/* Unused numbers. */
		EXPECT_EQ(-ENOTTY, RESULT(ioctl(fds[i], _IO(IPCQ_IOC_MAGIC, 0x0f), buf)));
		EXPECT_EQ(-ENOTTY, RESULT(ioctl(fds[i], _IO(IPCQ_IOC_MAGIC, 0x17), buf)));
		/* Another magic. */
		EXPECT_EQ(-ENOTTY, RESULT(ioctl(fds[i], _IOW(0xb2, 0x10, struct ipcq_msg),
						buf)));
		/* Another direction. */
		EXPECT_EQ(-ENOTTY, RESULT(ioctl(fds[i], _IOR(IPCQ_IOC_MAGIC, 0x10,
							     struct ipcq_msg), buf)));
		EXPECT_EQ(-ENOTTY, RESULT(ioctl(fds[i], _IOW(IPCQ_IOC_MAGIC, 0x00,
							     struct ipcq_create), buf)));
		EXPECT_FALSE(isatty(fds[i]));
	}
}

TEST_F(errors, ebadf)
{
	struct ipcq_msg msg;
	int reader, writer;
	char buf[8];

	reader = queue_open(&self->q, O_RDONLY);
	writer = queue_open(&self->q, O_WRONLY);
	ASSERT_GE(reader, 0);
	ASSERT_GE(writer, 0);
	msg = MSG(buf, sizeof(buf), .flags = IPCQ_MSG_NONBLOCK);
	EXPECT_EQ(-EBADF, msg_send(reader, &msg));
	EXPECT_EQ(-EBADF, msg_recv(writer, &msg));
	EXPECT_EQ(-EBADF, RESULT(write(reader, buf, 1)));
	EXPECT_EQ(-EBADF, RESULT(read(writer, buf, 1)));
	/* That comes before everything that may be wrong with the argument. */
	EXPECT_EQ(-EBADF, msg_send(reader, nowhere));
	EXPECT_EQ(-EBADF, msg_recv(writer, nowhere));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	close(reader);
	close(writer);
}

static int both(struct queue *q, struct ipcq_msg msg)
{
	char buf[8] = {};
	int sent, received;

	msg.data = (uintptr_t)buf;
	msg.size = sizeof(buf);
	sent = msg_send(q->fd, &msg);
	received = msg_recv(q->fd, &msg);
	return sent == received ? sent : 1;
}

TEST_F(errors, send_and_recv_einval)
{
	struct queue *q = &self->q;
	char buf[8];

	for (unsigned int bit = 7; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .flags = 1u << bit }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .flags = IPCQ_MSG_TIMESPEC }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .pad = 1 }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .pad2 = 1 }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .timeout_ns = 1 }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .timeout_ns = -1 }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .timeout_ns = -1,
						       .flags = IPCQ_MSG_TIMEOUT }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .timeout_ns = INT64_MIN,
						       .flags = IPCQ_MSG_TIMEOUT }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .flags = IPCQ_MSG_ABSTIME }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .flags = IPCQ_MSG_REALTIME }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .flags = IPCQ_MSG_ABSTIME |
								IPCQ_MSG_REALTIME }));
	EXPECT_EQ(-EINVAL, both(q, (struct ipcq_msg) { .flags = IPCQ_MSG_TIMEOUT |
								IPCQ_MSG_REALTIME }));
	EXPECT_EQ(-EINVAL, msg_send(q->fd, &MSG("x", 1, .prio = IPCQ_PRIO_MAX + 1)));
	EXPECT_EQ(-EINVAL, msg_send(q->fd, &MSG("x", 1, .prio = ~0u)));
	EXPECT_EQ(-EINVAL, msg_recv(q->fd, &MSG(buf, 1, .flags = IPCQ_MSG_NOSIGNAL |
								 IPCQ_MSG_NONBLOCK)));
	EXPECT_EQ(0, counted(q, IPCQ_A_COUNTERS_SENT));
}

TEST_F(errors, send_emsgsize)
{
	struct queue *q = &self->q;
	static char buf[1 << 17];

	EXPECT_EQ(-EMSGSIZE, RESULT(write(q->fd, buf, q->attr.max_msg_size + 1)));
	EXPECT_EQ(-EMSGSIZE, msg_send(q->fd, &MSG(buf, q->attr.max_msg_size + 1)));
	EXPECT_EQ(2, counted(q, IPCQ_A_COUNTERS_SEND_TOO_BIG));
	/* The address of what is too large anyway is not looked at. */
	EXPECT_EQ(-EMSGSIZE, msg_send(q->fd, &MSG(nowhere, 1ull << 31)));
	EXPECT_EQ(-EMSGSIZE, msg_send(q->fd, &MSG(buf, 1ull << 32)));
	EXPECT_EQ(-EMSGSIZE, msg_send(q->fd, &MSG(buf, UINT64_MAX)));
	EXPECT_EQ(0, counted(q, IPCQ_A_COUNTERS_SENT));
}

TEST_F(errors, recv_takes_any_size_of_buffer)
{
	char buf[8];
	struct ipcq_msg msg = MSG(buf, UINT64_MAX);

	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(1, msg.size);
}

TEST_F(errors, efault)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 7 };
	int fd = self->q.fd;

	EXPECT_EQ(-EFAULT, msg_send(fd, nowhere));
	EXPECT_EQ(-EFAULT, msg_recv(fd, nowhere));
	EXPECT_EQ(-EFAULT, attr_get(fd, nowhere));
	EXPECT_EQ(-EFAULT, attr_set(fd, nowhere));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(fd, IPCQ_IOC_PURGE, nowhere)));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(fd, IPCQ_IOC_SHUTDOWN, nowhere)));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(fd, IPCQ_IOC_OPEN_END, nowhere)));
	EXPECT_EQ(-EFAULT, RESULT(write(fd, nowhere, 1)));
	EXPECT_EQ(-EFAULT, msg_send(fd, &MSG(nowhere, 1)));
	EXPECT_EQ(-EFAULT, attr_get(fd, frozen(self->read_only, &attr, sizeof(attr))));
	/* What is only read may be read-only. */
	EXPECT_EQ(0, attr_set(fd, self->read_only));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SENT));

	/* A purge that could not tell how much it purged does not purge. */
	ASSERT_EQ(0, send_text(fd, "stays"));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(fd, IPCQ_IOC_PURGE, self->read_only)));
	EXPECT_EQ(0, recv_text(fd, "stays"));
}

TEST_F(errors, set_attr_einval)
{
	struct ipcq_attr before = {}, after = {};
	int fd = self->q.fd;
	unsigned int bit;

	ASSERT_EQ(0, attr_get(fd, &before));
#define SET(bits, ...) attr_set(fd, &(struct ipcq_attr) { .mask = (bits), __VA_ARGS__ })
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MODE, .mode = 0600));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_UID, .uid = 0));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_GID, .gid = 0));
	for (bit = 10; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, SET(1u << bit, 0));
	for (bit = 7; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_FLAGS, .flags = 1u << bit));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_ORDER, .order = 2));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_MSGS, .max_msgs = 0));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_MSGS, .max_msgs = (1 << 24) + 1));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_BYTES, .max_bytes = 0));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_BYTES, .max_bytes = (1ull << 40) + 1));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_BYTES, .max_bytes = before.max_msg_size - 1));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = 0));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = (1 << 26) + 1));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = before.max_bytes + 1));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_HIGH_PCT, .high_pct = 0));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_HIGH_PCT, .high_pct = 101));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_HIGH_PCT, .high_pct = before.low_pct));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_LOW_PCT, .low_pct = 100));
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_LOW_PCT, .low_pct = before.high_pct));
	/* One wrong value spoils the right ones with it. */
	EXPECT_EQ(-EINVAL, SET(IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_LOW_PCT, .max_msgs = 3,
			       .low_pct = 100));
	ASSERT_EQ(0, attr_get(fd, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(errors, shutdown_einval)
{
	struct ipcq_shutdown shutdown = { .pad = 1 };
	struct ipcq_attr attr = {};

	EXPECT_EQ(-EINVAL, RESULT(ioctl(self->q.fd, IPCQ_IOC_SHUTDOWN, &shutdown)));
	for (unsigned int bit = 2; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, shut(self->q.fd, 1u << bit));
	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(0, attr.flags);
}

TEST_F(errors, open_end)
{
	struct ipcq_open_end end = { .open_flags = O_RDONLY, .pad = 1 };
	int reader, writer;

	EXPECT_EQ(-EINVAL, RESULT(ioctl(self->q.fd, IPCQ_IOC_OPEN_END, &end)));
	EXPECT_EQ(-EINVAL, queue_open_end(self->q.fd, O_ACCMODE));
	EXPECT_EQ(-EINVAL, queue_open_end(self->q.fd, O_RDONLY | O_APPEND));
	EXPECT_EQ(-EINVAL, queue_open_end(self->q.fd, O_RDONLY | O_DIRECTORY));
	reader = queue_open_end(self->q.fd, O_RDONLY);
	writer = queue_open_end(self->q.fd, O_WRONLY);
	ASSERT_GE(reader, 0);
	ASSERT_GE(writer, 0);
	EXPECT_EQ(-EACCES, queue_open_end(reader, O_WRONLY));
	EXPECT_EQ(-EACCES, queue_open_end(reader, O_RDWR));
	EXPECT_EQ(-EACCES, queue_open_end(writer, O_RDONLY));
	EXPECT_EQ(-EACCES, queue_open_end(writer, O_RDWR));
	close(reader);
	close(writer);
	EXPECT_EQ(1, nl_queue(self->q.id).senders);
	EXPECT_EQ(1, nl_queue(self->q.id).receivers);
}

TEST_F(errors, open_enxio)
{
	char path[] = "/tmp/ipcq-stale-XXXXXX", node[64];
	uint32_t id = self->q.id;
	char queue[IPCQ_NAME_MAX + 20];
	struct stat st;
	int fd;

	ASSERT_EQ(0, stat(queue_path(&self->q, queue), &st));
	ASSERT_NE(NULL, mkdtemp(path));
	snprintf(node, sizeof(node), "%s/node", path);
	if (mknod(node, S_IFCHR | 0600, st.st_rdev))
		SKIP(goto out, "cannot make a device node in /tmp: %m");
	fd = RESULT(open(node, O_RDWR));
	if (fd == -EACCES)
		SKIP(goto out_node, "/tmp is mounted nodev");
	ASSERT_GE(fd, 0);
	EXPECT_EQ(id, nl_queue(id).id);
	/* While it is open elsewhere, and when it is gone. */
	ASSERT_EQ(0, queue_destroy(self->q.name));
	EXPECT_EQ(-ENXIO, RESULT(open(node, O_RDWR)));
	EXPECT_EQ(0, send_text(fd, "an opener goes on"));
	EXPECT_EQ(0, recv_text(self->q.fd, "an opener goes on"));
	close(fd);
	close(self->q.fd);
	self->q.fd = -1;
	EXPECT_EQ(-ENXIO, RESULT(open(node, O_RDWR)));
	EXPECT_EQ(-ENOENT, nl_queue(id).err);
out_node:
	unlink(node);
out:
	rmdir(path);
}

/* Arguments of another size than the kernel's. */

#define GROWN_MAX 1000

static unsigned int resized(unsigned int cmd, unsigned int size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

/* Make the call with an argument grown by @more bytes of @tail. */
static int grown(int fd, unsigned int cmd, const void *arg, unsigned int more,
		 unsigned char tail, unsigned char *out)
{
	unsigned int size = _IOC_SIZE(cmd);

	memcpy(out, arg, size);
	memset(out + size, tail, more);
	return RESULT(ioctl(fd, resized(cmd, size + more), out));
}

static bool is_zero(const unsigned char *p, unsigned int n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

TEST_F(errors, older_callers_than_the_first_do_not_exist)
{
	static const unsigned int of_queue[] = {
		IPCQ_IOC_SEND, IPCQ_IOC_RECV, IPCQ_IOC_GET_ATTR, IPCQ_IOC_SET_ATTR,
		IPCQ_IOC_PURGE, IPCQ_IOC_SHUTDOWN, IPCQ_IOC_OPEN_END,
		IPCQ_IOC_SEND_BATCH, IPCQ_IOC_RECV_BATCH, IPCQ_IOC_CALL,
	};
	static const unsigned int of_control[] = { IPCQ_IOC_CREATE, IPCQ_IOC_DESTROY };
	unsigned char arg[512] = {};
	unsigned int i, size;

	for (i = 0; i < ARRAY_SIZE(of_queue); i++) {
		for (size = 0; size < _IOC_SIZE(of_queue[i]); size++)
			EXPECT_EQ(-EINVAL, RESULT(ioctl(self->q.fd,
							resized(of_queue[i], size), arg)));
	}
	for (i = 0; i < ARRAY_SIZE(of_control); i++) {
		for (size = 0; size < _IOC_SIZE(of_control[i]); size++)
			EXPECT_EQ(-EINVAL, RESULT(ioctl(self->control,
							resized(of_control[i], size), arg)));
	}
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SENT));
}

TEST_F(errors, newer_callers_may_use_what_is_known)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 9 };
	struct ipcq_open_end end = { .open_flags = O_RDONLY };
	struct ipcq_create create = a_create();
	struct ipcq_shutdown shutdown = {};
	struct ipcq_destroy destroy = {};
	unsigned char out[4096];
	char buf[8];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));
	struct ipcq_purge purge = {};
	unsigned int more;
	int fd;

	for (more = 1; more <= GROWN_MAX; more = more * 3 + 1) {
		EXPECT_EQ(0, grown(self->q.fd, IPCQ_IOC_SEND, &MSG("hi", 2), more, 0, out));
		EXPECT_EQ(0, grown(self->q.fd, IPCQ_IOC_RECV, &msg, more, 0, out));
		EXPECT_EQ(2, ((struct ipcq_msg *)out)->size);
		EXPECT_TRUE(is_zero(out + sizeof(msg), more));

		EXPECT_EQ(0, grown(self->q.fd, IPCQ_IOC_SET_ATTR, &attr, more, 0, out));
		/* What is only output is zeroed, whatever was there. */
		EXPECT_EQ(0, grown(self->q.fd, IPCQ_IOC_GET_ATTR, &attr, more, 0xff, out));
		EXPECT_EQ(9, ((struct ipcq_attr *)out)->max_msgs);
		EXPECT_TRUE(is_zero(out + sizeof(attr), more));
		EXPECT_EQ(0, grown(self->q.fd, IPCQ_IOC_PURGE, &purge, more, 0xff, out));
		EXPECT_TRUE(is_zero(out + sizeof(purge), more));
		EXPECT_EQ(0, grown(self->q.fd, IPCQ_IOC_SHUTDOWN, &shutdown, more, 0, out));
		fd = grown(self->q.fd, IPCQ_IOC_OPEN_END, &end, more, 0, out);
		EXPECT_GE(fd, 0);
		close(fd);

		fd = grown(self->control, IPCQ_IOC_CREATE, &create, more, 0, out);
		EXPECT_GE(fd, 0);
		EXPECT_NE(0, ((struct ipcq_create *)out)->attr.id);
		EXPECT_TRUE(is_zero(out + sizeof(create), more));
		close(fd);
		strcpy(destroy.name, create.name);
		EXPECT_EQ(0, grown(self->control, IPCQ_IOC_DESTROY, &destroy, more, 0, out));
		EXPECT_TRUE(is_zero(out + sizeof(destroy), more));
	}
}

TEST_F(errors, newer_callers_get_e2big)
{
	struct ipcq_open_end end = { .open_flags = O_RDONLY };
	struct ipcq_create create = a_create();
	struct ipcq_shutdown shutdown = {};
	struct ipcq_destroy destroy = {};
	unsigned char out[4096];
	struct ipcq_attr attr = {};
	char buf[8];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));
	unsigned int more;

	strcpy(destroy.name, self->q.name);
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	for (more = 1; more <= GROWN_MAX; more = more * 3 + 1) {
		EXPECT_EQ(-E2BIG, grown(self->q.fd, IPCQ_IOC_SEND, &MSG("hi", 2), more, 1, out));
		EXPECT_EQ(-E2BIG, grown(self->q.fd, IPCQ_IOC_RECV, &msg, more, 1, out));
		EXPECT_EQ(-E2BIG, grown(self->q.fd, IPCQ_IOC_SET_ATTR, &attr, more, 1, out));
		EXPECT_EQ(-E2BIG, grown(self->q.fd, IPCQ_IOC_SHUTDOWN, &shutdown, more, 1, out));
		EXPECT_EQ(-E2BIG, grown(self->q.fd, IPCQ_IOC_OPEN_END, &end, more, 1, out));
		EXPECT_EQ(-E2BIG, grown(self->control, IPCQ_IOC_CREATE, &create, more, 1, out));
		EXPECT_EQ(-E2BIG, grown(self->control, IPCQ_IOC_DESTROY, &destroy, more, 1, out));
	}
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, close(queue_open(&self->q, O_RDWR)));
}

TEST_F(errors, emsgsize_zeroes_the_tail_as_well)
{
	unsigned char out[512];
	char buf[1];
	struct ipcq_msg msg = MSG(buf, 1);

	ASSERT_EQ(0, send_text(self->q.fd, "four"));
	EXPECT_EQ(-EMSGSIZE, grown(self->q.fd, IPCQ_IOC_RECV, &msg, 64, 0, out));
	EXPECT_EQ(4, ((struct ipcq_msg *)out)->size);
	EXPECT_TRUE(is_zero(out + sizeof(msg), 64));
}

TEST_HARNESS_MAIN
