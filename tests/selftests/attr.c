// SPDX-License-Identifier: GPL-2.0-only
/* The attributes of a queue: defaults, changes, what is told of them. */
#include <sys/stat.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define CHANGEABLE	(IPCQ_ATTR_FLAGS | IPCQ_ATTR_ORDER | IPCQ_ATTR_MAX_MSGS |	\
			 IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE |		\
			 IPCQ_ATTR_HIGH_PCT | IPCQ_ATTR_LOW_PCT)
#define ALL		(CHANGEABLE | IPCQ_ATTR_MODE | IPCQ_ATTR_UID | IPCQ_ATTR_GID)

FIXTURE(attr) {
	struct queue q;
};

FIXTURE_SETUP(attr)
{
	ASSERT_EQ(0, queue_make(&self->q, NULL));
}

FIXTURE_TEARDOWN(attr)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

TEST_F(attr, defaults)
{
	struct ipcq_attr attr;

	memset(&attr, 0xff, sizeof(attr));
	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(ALL, attr.mask);
	EXPECT_EQ(0, attr.flags);
	EXPECT_EQ(IPCQ_ORDER_FIFO, attr.order);
	EXPECT_EQ(1024, attr.max_msgs);
	EXPECT_EQ(1 << 20, attr.max_bytes);
	EXPECT_EQ(64 << 10, attr.max_msg_size);
	EXPECT_EQ(0600, attr.mode);
	EXPECT_EQ(geteuid(), attr.uid);
	EXPECT_EQ(getegid(), attr.gid);
	EXPECT_EQ(80, attr.high_pct);
	EXPECT_EQ(50, attr.low_pct);
	EXPECT_EQ(self->q.id, attr.id);
	EXPECT_EQ(0, attr.depth);
	EXPECT_EQ(0, attr.bytes);
	EXPECT_STREQ(self->q.name, attr.name);
	/* The rest of the name is no kernel memory. */
	for (size_t i = strlen(attr.name); i < sizeof(attr.name); i++)
		EXPECT_EQ(0, attr.name[i]);
}

TEST_F(attr, create_tells_what_get_tells)
{
	struct ipcq_attr attr = {};

	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(0, memcmp(&attr, &self->q.attr, sizeof(attr)));
}

TEST_F(attr, anonymous)
{
	struct ipcq_attr attr = {};
	struct queue q;

	ASSERT_EQ(0, queue_make_anonymous(&q, NULL, O_RDWR));
	ASSERT_EQ(0, attr_get(q.fd, &attr));
	EXPECT_EQ(0, memcmp(&attr, &q.attr, sizeof(attr)));
	EXPECT_EQ(IPCQ_F_ANONYMOUS | IPCQ_F_HANGUP, attr.flags);
	EXPECT_STREQ("", attr.name);
	/* It cannot be talked out of it. */
	EXPECT_EQ(0, set_flags(q.fd, 0));
	ASSERT_EQ(0, attr_get(q.fd, &attr));
	EXPECT_EQ(IPCQ_F_ANONYMOUS | IPCQ_F_HANGUP, attr.flags);
	EXPECT_EQ(0, queue_end(&q));
}

TEST_F(attr, every_one_can_be_given_at_creation)
{
	struct ipcq_attr given = {
		.mask = ALL,
		.flags = IPCQ_F_HANGUP | IPCQ_F_EPHEMERAL,
		.order = IPCQ_ORDER_PRIORITY,
		.max_msgs = 11,
		.max_bytes = 12345,
		.max_msg_size = 678,
		.mode = 0461,
		.uid = 12345,
		.gid = 23456,
		.high_pct = 33,
		.low_pct = 22,
	}, got = {};
	char path[IPCQ_NAME_MAX + 20];
	struct nl_queue nl;
	struct queue q;
	struct stat st;

	umask(0777);
	ASSERT_EQ(0, queue_make(&q, &given));
	ASSERT_EQ(0, attr_get(q.fd, &got));
	EXPECT_EQ(given.flags, got.flags);
	EXPECT_EQ(given.order, got.order);
	EXPECT_EQ(given.max_msgs, got.max_msgs);
	EXPECT_EQ(given.max_bytes, got.max_bytes);
	EXPECT_EQ(given.max_msg_size, got.max_msg_size);
	EXPECT_EQ(given.mode, got.mode);
	EXPECT_EQ(given.uid, got.uid);
	EXPECT_EQ(given.gid, got.gid);
	EXPECT_EQ(given.high_pct, got.high_pct);
	EXPECT_EQ(given.low_pct, got.low_pct);
	nl = nl_queue(q.id);
	EXPECT_EQ(given.flags, nl.flags);
	EXPECT_EQ(given.order, nl.order);
	EXPECT_EQ(given.max_msgs, nl.max_msgs);
	EXPECT_EQ(given.max_bytes, nl.max_bytes);
	EXPECT_EQ(given.max_msg_size, nl.max_msg_size);
	EXPECT_EQ(given.mode, nl.mode);
	EXPECT_EQ(given.uid, nl.uid);
	EXPECT_EQ(given.gid, nl.gid);
	ASSERT_EQ(0, stat(queue_path(&q, path), &st));
	EXPECT_EQ(given.mode, st.st_mode & 07777);
	EXPECT_EQ(given.uid, st.st_uid);
	EXPECT_EQ(given.gid, st.st_gid);
	EXPECT_EQ(0, queue_end(&q));
}

TEST(umask_applies_if_asked_for)
{
	struct ipcq_create create = {
		.open_flags = O_RDWR,
		.flags = IPCQ_CREATE_UMASK,
		.attr = { .mask = IPCQ_ATTR_MODE, .mode = 0777 },
	};
	int fd;

	umask(0027);
	queue_name(create.name);
	fd = queue_create(&create);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0750, create.attr.mode);
	EXPECT_EQ(0, queue_destroy(create.name));
	close(fd);
	/* The default as well. */
	umask(0200);
	create.attr.mask = 0;
	queue_name(create.name);
	fd = queue_create(&create);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0400, create.attr.mode);
	EXPECT_EQ(0, queue_destroy(create.name));
	close(fd);
}

TEST_F(attr, a_mode_of_nothing_is_nothing)
{
	struct ipcq_attr given = { .mask = IPCQ_ATTR_MODE, .mode = 0 };
	char path[IPCQ_NAME_MAX + 20];
	struct queue q;
	struct stat st;

	ASSERT_EQ(0, queue_make(&q, &given));
	EXPECT_EQ(0, q.attr.mode);
	ASSERT_EQ(0, stat(queue_path(&q, path), &st));
	EXPECT_EQ(0, st.st_mode & 07777);
	EXPECT_EQ(0, queue_end(&q));
}

TEST_F(attr, each_changes_alone)
{
	struct ipcq_attr given = {
		.flags = IPCQ_F_HANGUP,
		.order = IPCQ_ORDER_PRIORITY,
		.max_msgs = 11,
		.max_bytes = 100000,
		.max_msg_size = 678,
		.high_pct = 91,
		.low_pct = 12,
	}, expected, got = {};
	unsigned int bit;

	ASSERT_EQ(0, attr_get(self->q.fd, &expected));
	for (bit = 0; bit < 32; bit++) {
		given.mask = 1u << bit;
		if (!(CHANGEABLE & given.mask))
			continue;
		ASSERT_EQ(0, attr_set(self->q.fd, &given));
		switch (given.mask) {
		case IPCQ_ATTR_FLAGS: expected.flags = given.flags; break;
		case IPCQ_ATTR_ORDER: expected.order = given.order; break;
		case IPCQ_ATTR_MAX_MSGS: expected.max_msgs = given.max_msgs; break;
		case IPCQ_ATTR_MAX_BYTES: expected.max_bytes = given.max_bytes; break;
		case IPCQ_ATTR_MAX_MSG_SIZE:
			expected.max_msg_size = given.max_msg_size;
			break;
		case IPCQ_ATTR_HIGH_PCT: expected.high_pct = given.high_pct; break;
		case IPCQ_ATTR_LOW_PCT: expected.low_pct = given.low_pct; break;
		}
		ASSERT_EQ(0, attr_get(self->q.fd, &got));
		ASSERT_EQ(0, memcmp(&expected, &got, sizeof(got)));
	}
}

TEST_F(attr, what_get_tells_set_takes)
{
	struct ipcq_attr attr = {}, again = {};

	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND | IPCQ_SHUT_RECV));
	ASSERT_EQ(0, queue_destroy(self->q.name));
	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(IPCQ_F_SHUT_SEND | IPCQ_F_SHUT_RECV | IPCQ_F_UNLINKED, attr.flags);
	attr.mask &= CHANGEABLE;
	ASSERT_EQ(0, attr_set(self->q.fd, &attr));
	ASSERT_EQ(0, attr_get(self->q.fd, &again));
	attr.mask = ALL;
	EXPECT_EQ(0, memcmp(&attr, &again, sizeof(attr)));
}

TEST_F(attr, an_empty_mask_changes_nothing)
{
	struct ipcq_attr attr;

	memset(&attr, 0xff, sizeof(attr));
	attr.mask = 0;
	EXPECT_EQ(0, attr_set(self->q.fd, &attr));
	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(0, memcmp(&attr, &self->q.attr, sizeof(attr)));
}

TEST_F(attr, a_small_queue_has_small_messages)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_BYTES, .max_bytes = 100 };
	struct queue q;

	ASSERT_EQ(0, queue_make(&q, &attr));
	EXPECT_EQ(100, q.attr.max_bytes);
	EXPECT_EQ(100, q.attr.max_msg_size);
	EXPECT_EQ(0, queue_end(&q));
}

TEST_F(attr, depth_and_bytes_are_what_waits)
{
	struct ipcq_attr attr = {};

	ASSERT_EQ(0, send_text(self->q.fd, "abc"));
	ASSERT_EQ(0, send_text(self->q.fd, "de"));
	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(2, attr.depth);
	EXPECT_EQ(5, attr.bytes);
	ASSERT_EQ(0, recv_text(self->q.fd, "abc"));
	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(1, attr.depth);
	EXPECT_EQ(2, attr.bytes);
}

TEST_F(attr, a_reader_may_get)
{
	struct ipcq_attr attr = {};
	int fd = queue_open(&self->q, O_RDONLY);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, attr_get(fd, &attr));
	/* And an owner set, whatever the descriptor is open for. */
	EXPECT_EQ(0, set_max_msgs(fd, 5));
	close(fd);
	fd = queue_open(&self->q, O_WRONLY);
	EXPECT_EQ(0, attr_get(fd, &attr));
	EXPECT_EQ(5, attr.max_msgs);
	close(fd);
}

TEST_HARNESS_MAIN
