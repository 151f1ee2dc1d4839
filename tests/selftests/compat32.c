// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit program on a 64-bit kernel: every ioctl and every field, the same bytes.
 * errno32, basic32, batch32 and ring32 are errno.c and so on built like this.
 */
#include <linux/time_types.h>
#include <poll.h>
#include <stddef.h>
#include <sys/utsname.h>

#include "call.h"
#include "ipcq_test.h"
#include "kselftest_harness.h"

/* What the structures are for everybody. */
#define AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member)
#define SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
#define FIRST(version, size) _Static_assert((version) == (size), #version)

AT(ipcq_attr, mask, 0);
AT(ipcq_attr, flags, 4);
AT(ipcq_attr, order, 8);
AT(ipcq_attr, max_msgs, 12);
AT(ipcq_attr, max_bytes, 16);
AT(ipcq_attr, max_msg_size, 24);
AT(ipcq_attr, mode, 28);
AT(ipcq_attr, uid, 32);
AT(ipcq_attr, gid, 36);
AT(ipcq_attr, high_pct, 40);
AT(ipcq_attr, low_pct, 44);
AT(ipcq_attr, id, 48);
AT(ipcq_attr, depth, 52);
AT(ipcq_attr, bytes, 56);
AT(ipcq_attr, name, 64);
SIZE(ipcq_attr, 128);
FIRST(IPCQ_ATTR_SIZE_VER0, 128);
AT(ipcq_create, name, 0);
AT(ipcq_create, open_flags, 64);
AT(ipcq_create, flags, 68);
AT(ipcq_create, attr, 72);
SIZE(ipcq_create, 200);
FIRST(IPCQ_CREATE_SIZE_VER0, 200);
AT(ipcq_destroy, flags, 64);
AT(ipcq_destroy, depth, 68);
AT(ipcq_destroy, openers, 72);
SIZE(ipcq_destroy, 80);
FIRST(IPCQ_DESTROY_SIZE_VER0, 80);
AT(ipcq_msg, data, 0);
AT(ipcq_msg, size, 8);
AT(ipcq_msg, flags, 16);
AT(ipcq_msg, prio, 20);
AT(ipcq_msg, type, 24);
AT(ipcq_msg, pad, 28);
AT(ipcq_msg, timeout_ns, 32);
AT(ipcq_msg, seq, 40);
AT(ipcq_msg, time_ns, 48);
AT(ipcq_msg, lost, 56);
AT(ipcq_msg, pid, 64);
AT(ipcq_msg, uid, 68);
AT(ipcq_msg, gid, 72);
AT(ipcq_msg, pad2, 76);
SIZE(ipcq_msg, 80);
FIRST(IPCQ_MSG_SIZE_VER0, 80);
AT(ipcq_record, size, 0);
AT(ipcq_record, prio, 4);
AT(ipcq_record, type, 8);
AT(ipcq_record, flags, 12);
AT(ipcq_record, seq, 16);
AT(ipcq_record, time_ns, 24);
AT(ipcq_record, pid, 32);
AT(ipcq_record, uid, 36);
AT(ipcq_record, gid, 40);
AT(ipcq_record, pad, 44);
SIZE(ipcq_record, 48);
AT(ipcq_batch, records, 0);
AT(ipcq_batch, size, 8);
AT(ipcq_batch, count, 16);
AT(ipcq_batch, flags, 20);
AT(ipcq_batch, timeout_ns, 24);
AT(ipcq_batch, lost, 32);
SIZE(ipcq_batch, 40);
FIRST(IPCQ_BATCH_SIZE_VER0, 40);
AT(ipcq_call, send, 0);
AT(ipcq_call, recv, 80);
AT(ipcq_call, recv_fd, 160);
AT(ipcq_call, sent, 164);
SIZE(ipcq_call, 168);
FIRST(IPCQ_CALL_SIZE_VER0, 168);
AT(ipcq_ring_open, size, 0);
AT(ipcq_ring_open, open_flags, 4);
SIZE(ipcq_ring_open, 8);
FIRST(IPCQ_RING_OPEN_SIZE_VER0, 8);
AT(ipcq_ring_head, head, 0);
AT(ipcq_ring_head, flags, 4);
AT(ipcq_ring_head, size, 8);
SIZE(ipcq_ring_head, 16);
AT(ipcq_ring_position, position, 0);
SIZE(ipcq_ring_position, 4);
AT(ipcq_ring_wait, flags, 0);
AT(ipcq_ring_wait, timeout_ns, 8);
SIZE(ipcq_ring_wait, 16);
FIRST(IPCQ_RING_WAIT_SIZE_VER0, 16);
SIZE(ipcq_open_end, 8);
FIRST(IPCQ_OPEN_END_SIZE_VER0, 8);
AT(ipcq_notify, how, 0);
AT(ipcq_notify, signo, 4);
AT(ipcq_notify, value, 8);
AT(ipcq_notify, open_flags, 16);
AT(ipcq_notify, pad, 20);
SIZE(ipcq_notify, 24);
FIRST(IPCQ_NOTIFY_SIZE_VER0, 24);
AT(ipcq_arrival, pid, 0);
AT(ipcq_arrival, uid, 4);
SIZE(ipcq_arrival, 8);
SIZE(ipcq_purge, 8);
FIRST(IPCQ_PURGE_SIZE_VER0, 8);
SIZE(ipcq_shutdown, 8);
FIRST(IPCQ_SHUTDOWN_SIZE_VER0, 8);

FIXTURE(compat) {
	struct queue q;
};

FIXTURE_SETUP(compat)
{
	ASSERT_EQ(0, queue_make(&self->q, NULL));
}

FIXTURE_TEARDOWN(compat)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

#define NEED_32_BITS()								\
	do {									\
		if (sizeof(void *) != 4)					\
			SKIP(return, "the compiler cannot build 32-bit programs"); \
	} while (0)

TEST_F(compat, this_is_a_32_bit_program_on_a_64_bit_kernel)
{
	struct utsname name;

	NEED_32_BITS();
	ASSERT_EQ(0, uname(&name));
	if (strcmp(name.machine, "x86_64"))
		SKIP(return, "the kernel is no 64-bit one but %s", name.machine);
}

TEST_F(compat, the_numbers)
{
	NEED_32_BITS();
	EXPECT_EQ(0xc0c8be00, IPCQ_IOC_CREATE);
	EXPECT_EQ(0xc050be01, IPCQ_IOC_DESTROY);
	EXPECT_EQ(0x4050be10, IPCQ_IOC_SEND);
	EXPECT_EQ(0xc050be11, IPCQ_IOC_RECV);
	EXPECT_EQ(0x8080be12, IPCQ_IOC_GET_ATTR);
	EXPECT_EQ(0x4080be13, IPCQ_IOC_SET_ATTR);
	EXPECT_EQ(0x8008be14, IPCQ_IOC_PURGE);
	EXPECT_EQ(0x4008be15, IPCQ_IOC_SHUTDOWN);
	EXPECT_EQ(0x4008be16, IPCQ_IOC_OPEN_END);
	EXPECT_EQ(0x4028be20, IPCQ_IOC_SEND_BATCH);
	EXPECT_EQ(0xc028be21, IPCQ_IOC_RECV_BATCH);
	EXPECT_EQ(0xc0a8be18, IPCQ_IOC_CALL);
	EXPECT_EQ(0x4018be17, IPCQ_IOC_NOTIFY);
	EXPECT_EQ(0x4008be30, IPCQ_IOC_RING);
	EXPECT_EQ(0x4010be31, IPCQ_IOC_RING_WAIT);
}

TEST_F(compat, create_get_set_destroy)
{
	struct ipcq_attr attr = {
		.mask = 0x3ff,
		.flags = IPCQ_F_HANGUP,
		.order = IPCQ_ORDER_PRIORITY,
		.max_msgs = 1 << 20,
		.max_bytes = 1ull << 33,
		.max_msg_size = 1 << 22,
		.mode = 0640,
		.uid = 0xfffffff0,
		.gid = 0xfffffff1,
		.high_pct = 70,
		.low_pct = 7,
	}, got = {};
	struct queue q;

	NEED_32_BITS();
	ASSERT_EQ(0, queue_make(&q, &attr));
	ASSERT_EQ(0, attr_get(q.fd, &got));
	EXPECT_EQ(0, memcmp(&got, &q.attr, sizeof(got)));
	EXPECT_EQ(1ull << 33, got.max_bytes);
	EXPECT_EQ(0xfffffff0, got.uid);
	EXPECT_EQ(0xfffffff1, got.gid);
	EXPECT_EQ(7, got.low_pct);
	EXPECT_STREQ(q.name, got.name);
	attr.mask = IPCQ_ATTR_MAX_BYTES;
	attr.max_bytes = (1ull << 32) + 5;
	ASSERT_EQ(0, attr_set(q.fd, &attr));
	ASSERT_EQ(0, attr_get(q.fd, &got));
	EXPECT_EQ((1ull << 32) + 5, got.max_bytes);
	EXPECT_EQ(nl_queue(q.id).max_bytes, got.max_bytes);
	EXPECT_EQ(0, queue_end(&q));
	EXPECT_EQ(-ENOENT, queue_destroy(q.name));
}

TEST_F(compat, send_and_recv)
{
	char buf[16] = {};
	struct ipcq_msg msg = MSG("hello", 5, .prio = 32767, .type = 0xfedcba98);
	uint64_t before = now_ns();

	NEED_32_BITS();
	ASSERT_EQ(0, msg_send(self->q.fd, &msg));
	msg = MSG(buf, sizeof(buf));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_STREQ("hello", buf);
	EXPECT_EQ(5, msg.size);
	EXPECT_EQ(32767, msg.prio);
	EXPECT_EQ(0xfedcba98, msg.type);
	EXPECT_EQ(1, msg.seq);
	EXPECT_LE(before, msg.time_ns);
	EXPECT_GE(now_ns(), msg.time_ns);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ((uintptr_t)buf, msg.data);
}

TEST_F(compat, addresses_are_64_bits)
{
	char buf[16];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	NEED_32_BITS();
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	msg.data |= 1ull << 40;
	EXPECT_EQ(-EFAULT, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(-EFAULT, msg_send(self->q.fd, &msg));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
}

TEST_F(compat, timeouts_are_64_bits)
{
	struct ipcq_msg msg = {
		.flags = IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME,
		.timeout_ns = now_ns() + 10 * MS,
	};
	struct call c;

	NEED_32_BITS();
	ASSERT_EQ(0, call_recv(&c, self->q.fd, msg));
	EXPECT_EQ(-ETIMEDOUT, call_end(&c));
	EXPECT_GE(now_ns(), (uint64_t)msg.timeout_ns);
	msg.flags = IPCQ_MSG_TIMEOUT;
	/* Thirty-two bits of it are no second. */
	msg.timeout_ns = 1ll << 40;
	ASSERT_EQ(0, call_recv(&c, self->q.fd, msg));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, call_end(&c));
}

TEST_F(compat, times_are_64_bits)
{
	/* The upper half of tv_nsec is padding, there. */
	struct __kernel_timespec time = { .tv_nsec = 10 * MS | 1ll << 40 };
	struct ipcq_msg msg = {
		.flags = IPCQ_MSG_TIMEOUT | IPCQ_MSG_TIMESPEC,
		.timeout_ns = (uintptr_t)&time,
	};
	struct call c;

	NEED_32_BITS();
	ASSERT_EQ(0, call_recv(&c, self->q.fd, msg));
	EXPECT_EQ(-ETIMEDOUT, call_end(&c));
	time.tv_nsec = SECOND;
	ASSERT_EQ(0, call_recv(&c, self->q.fd, msg));
	EXPECT_EQ(-EINVAL, call_end(&c));
}

TEST_F(compat, the_rest)
{
	int end;

	NEED_32_BITS();
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(POLLIN, ({
		struct pollfd pfd = { .fd = self->q.fd, .events = POLLIN };

		poll(&pfd, 1, 0);
		pfd.revents;
	}));
	EXPECT_EQ(1, purge(self->q.fd));
	EXPECT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(-EPIPE, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, shut(self->q.fd, 0));
	end = queue_open_end(self->q.fd, O_WRONLY | O_NONBLOCK);
	ASSERT_GE(end, 0);
	EXPECT_EQ(1, write(end, "y", 1));
	EXPECT_EQ(0, recv_text(self->q.fd, "y"));
	close(end);
}

TEST_HARNESS_MAIN
