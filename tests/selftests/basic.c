// SPDX-License-Identifier: GPL-2.0-only
/* A message goes in and comes out: payload and description. */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(basic) {
	struct queue q;
};

FIXTURE_SETUP(basic)
{
	ASSERT_EQ(0, queue_make(&self->q, NULL));
}

FIXTURE_TEARDOWN(basic)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

TEST_F(basic, one_write_is_one_message)
{
	char buf[64];

	ASSERT_EQ(3, write(self->q.fd, "one", 3));
	ASSERT_EQ(5, write(self->q.fd, "three", 5));
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
	EXPECT_EQ(8, nl_queue(self->q.id).bytes);

	ASSERT_EQ(3, read(self->q.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "one", 3));
	ASSERT_EQ(5, read(self->q.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "three", 5));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
}

TEST_F(basic, every_byte_of_every_size_arrives)
{
	static unsigned char out[70000], in[70000];
	const size_t sizes[] = { 1, 2, 7, 8, 63, 64, 65, 4095, 4096, 4097, 8191, 65535, 65536 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < sizes[i]; j++)
			out[j] = j * 31 + i;
		memset(in, 0x5a, sizeof(in));
		ASSERT_EQ((ssize_t)sizes[i], write(self->q.fd, out, sizes[i]));
		ASSERT_EQ((ssize_t)sizes[i], read(self->q.fd, in, sizeof(in)));
		EXPECT_EQ(0, memcmp(in, out, sizes[i]));
		/* Not one byte more than the message has. */
		EXPECT_EQ(0x5a, in[sizes[i]]);
	}
}

TEST_F(basic, an_empty_message_is_a_message)
{
	char buf[8] = "before";
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	ASSERT_EQ(0, write(self->q.fd, buf, 0));
	ASSERT_EQ(0, msg_send(self->q.fd, &MSG(NULL, 0)));
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, nl_queue(self->q.id).bytes);
	ASSERT_EQ(0, read(self->q.fd, buf, sizeof(buf)));
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(0, msg.size);
	EXPECT_EQ(2, msg.seq);
	EXPECT_STREQ("before", buf);
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
}

TEST_F(basic, a_buffer_of_nothing_receives_an_empty_message)
{
	char buf[1];

	ASSERT_EQ(0, write(self->q.fd, buf, 0));
	ASSERT_EQ(0, read(self->q.fd, buf, 0));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	/* While one with a byte in it does not fit. */
	ASSERT_EQ(1, write(self->q.fd, "x", 1));
	EXPECT_EQ(-EMSGSIZE, RESULT(read(self->q.fd, buf, 0)));
	EXPECT_EQ(1, read(self->q.fd, buf, 1));
}

TEST_F(basic, writev_gathers_and_readv_scatters)
{
	char a[3], b[4], c[100];
	struct iovec out[] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 }, { "g", 1 } };
	struct iovec in[] = { { a, 3 }, { b, 4 }, { c, 100 } };

	memset(c, 'z', sizeof(c));
	ASSERT_EQ(7, writev(self->q.fd, out, 4));
	ASSERT_EQ(7, writev(self->q.fd, out, 4));
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
	ASSERT_EQ(7, readv(self->q.fd, in, 3));
	EXPECT_EQ(0, memcmp(a, "abc", 3));
	EXPECT_EQ(0, memcmp(b, "defg", 4));
	EXPECT_EQ('z', c[0]);
	EXPECT_EQ(-EMSGSIZE, RESULT(readv(self->q.fd, in, 1)));
	ASSERT_EQ(7, readv(self->q.fd, in, 2));
}

TEST_F(basic, a_short_buffer_loses_nothing)
{
	char buf[16];
	struct ipcq_msg msg = MSG(buf, 3);

	ASSERT_EQ(0, send_prio(self->q.fd, "four", 7));
	EXPECT_EQ(-EMSGSIZE, RESULT(read(self->q.fd, buf, 3)));
	EXPECT_EQ(-EMSGSIZE, msg_recv(self->q.fd, &msg));
	/* It tells how much room is needed. */
	EXPECT_EQ(4, msg.size);
	EXPECT_EQ(0, msg.seq);
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_RECV_TOO_SMALL));
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(0, memcmp(buf, "four", 4));
	EXPECT_EQ(7, msg.prio);
}

TEST_F(basic, the_descriptor_describes)
{
	struct ipcq_msg msg;
	uint64_t before, after;
	char buf[16];
	int i;

	for (i = 1; i <= 3; i++) {
		before = now_ns();
		ASSERT_EQ(0, msg_send(self->q.fd, &MSG("hello", 5, .prio = 100 + i,
						       .type = 0xdeadbeef + i)));
		after = now_ns();
		msg = MSG(buf, sizeof(buf));
		ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
		EXPECT_EQ(5, msg.size);
		EXPECT_EQ((uintptr_t)buf, msg.data);
		EXPECT_EQ(0, msg.flags);
		EXPECT_EQ(100 + i, msg.prio);
		EXPECT_EQ(0xdeadbeef + i, msg.type);
		EXPECT_EQ(0, msg.pad);
		EXPECT_EQ(i, msg.seq);
		EXPECT_LE(before, msg.time_ns);
		EXPECT_GE(after, msg.time_ns);
		EXPECT_EQ(0, msg.lost);
		EXPECT_EQ(getpid(), msg.pid);
		EXPECT_EQ(geteuid(), msg.uid);
		EXPECT_EQ(getegid(), msg.gid);
		EXPECT_EQ(0, msg.pad2);
	}
}

TEST_F(basic, output_fields_are_ignored_on_input)
{
	char buf[16];
	struct ipcq_msg msg = MSG("x", 1, .seq = 7, .time_ns = 7, .lost = 7, .pid = 7,
				  .uid = 7, .gid = 7);

	ASSERT_EQ(0, msg_send(self->q.fd, &msg));
	/* And nothing is written back by SEND. */
	EXPECT_EQ(7, msg.seq);
	EXPECT_EQ(7, msg.pid);
	/* RECV also takes any priority and type for output. */
	msg = MSG(buf, 1, .prio = ~0, .type = ~0, .seq = 7, .pid = 7);
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(0, msg.prio);
	EXPECT_EQ(0, msg.type);
	EXPECT_EQ(1, msg.seq);
	EXPECT_EQ(getpid(), msg.pid);
}

static int send_as_nobody(void *arg)
{
	int fd = *(int *)arg;
	char pid[16];

	CHECK(become(65534, 12345) == 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	CHECK(send_text(fd, pid) == 0);
	return 0;
}

TEST_F(basic, the_sender_is_who_sent_not_who_opened)
{
	char buf[16] = {};
	struct ipcq_msg msg = MSG(buf, sizeof(buf) - 1);

	ASSERT_EQ(0, child_run(send_as_nobody, &self->q.fd));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(65534, msg.uid);
	EXPECT_EQ(12345, msg.gid);
	EXPECT_EQ(strtoul(buf, NULL, 10), msg.pid);
}

/* As a set-user-ID program does whose standard error somebody else has opened. */
static int write_to_what_nobody_opened(void *arg)
{
	const struct queue *q = arg;
	int fd;

	CHECK(setresgid(-1, 12345, 0) == 0 && setresuid(-1, 65534, 0) == 0);
	fd = queue_open(q, O_WRONLY);
	CHECK(fd >= 0);
	CHECK(setresuid(-1, 0, 0) == 0 && setresgid(-1, 0, 0) == 0);
	CHECK(write(fd, "written", 7) == 7);
	CHECK(send_text(fd, "sent") == 0);
	return 0;
}

TEST_F(basic, what_is_written_is_of_who_opened)
{
	char path[IPCQ_NAME_MAX + 20], buf[16];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	ASSERT_EQ(0, chmod(queue_path(&self->q, path), 0666));
	ASSERT_EQ(0, child_run(write_to_what_nobody_opened, &self->q));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(7, msg.size);
	EXPECT_EQ(65534, msg.uid);
	EXPECT_EQ(12345, msg.gid);
	/* Nobody is made to do this without knowing what it does. */
	msg = MSG(buf, sizeof(buf));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(0, msg.uid);
	EXPECT_EQ(0, msg.gid);
}

TEST_F(basic, messages_mix_write_send_read_and_recv)
{
	char buf[16];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	ASSERT_EQ(1, write(self->q.fd, "a", 1));
	ASSERT_EQ(0, msg_send(self->q.fd, &MSG("bc", 2, .prio = 5, .type = 9)));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(1, msg.size);
	EXPECT_EQ(0, msg.prio);
	EXPECT_EQ(0, msg.type);
	ASSERT_EQ(2, read(self->q.fd, buf, sizeof(buf)));
}

TEST_F(basic, lost_counts_what_this_descriptor_missed)
{
	int other = queue_open(&self->q, O_RDWR);
	char buf[16];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));
	int late;

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, send_text(self->q.fd, "a"));
	ASSERT_EQ(0, send_text(self->q.fd, "b"));
	ASSERT_EQ(2, purge(self->q.fd));
	late = queue_open(&self->q, O_RDWR);
	ASSERT_GE(late, 0);

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, send_text(self->q.fd, "c"));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(2, msg.lost);
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(0, msg.lost);
	/* read(2) cannot report a loss and does not forget it. */
	ASSERT_EQ(1, read(other, buf, sizeof(buf)));
	ASSERT_EQ(0, msg_recv(other, &msg));
	EXPECT_EQ(2, msg.lost);
	ASSERT_EQ(0, send_text(self->q.fd, "d"));
	ASSERT_EQ(0, msg_recv(late, &msg));
	EXPECT_EQ(0, msg.lost);
	close(other);
	close(late);
}

TEST_F(basic, there_is_no_position)
{
	char buf[4];

	EXPECT_EQ(-ESPIPE, RESULT(lseek(self->q.fd, 0, SEEK_SET)));
	EXPECT_EQ(-ESPIPE, RESULT(pread(self->q.fd, buf, 4, 0)));
	EXPECT_EQ(-ESPIPE, RESULT(pwrite(self->q.fd, buf, 4, 0)));
}

TEST_F(basic, the_node_is_what_creation_said)
{
	char path[IPCQ_NAME_MAX + 20];
	struct stat st;

	ASSERT_EQ(0, stat(queue_path(&self->q, path), &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(geteuid(), st.st_uid);
	EXPECT_EQ(getegid(), st.st_gid);
	EXPECT_EQ(self->q.id, minor(st.st_rdev));
}

TEST_F(basic, fdinfo_names_the_queue)
{
	char path[64], line[256], expected[128];
	bool id = false, name = false, depth = false, bytes = false;
	FILE *f;

	ASSERT_EQ(0, send_text(self->q.fd, "abc"));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->q.fd);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		snprintf(expected, sizeof(expected), "ipcq-id:\t%u\n", self->q.id);
		id |= !strcmp(line, expected);
		snprintf(expected, sizeof(expected), "ipcq-name:\t%s\n", self->q.name);
		name |= !strcmp(line, expected);
		depth |= !strcmp(line, "ipcq-depth:\t1\n");
		bytes |= !strcmp(line, "ipcq-bytes:\t3\n");
	}
	fclose(f);
	EXPECT_TRUE(id && name && depth && bytes);
}

TEST_F(basic, a_dup_shares_the_opener)
{
	int copy = dup(self->q.fd);

	ASSERT_GE(copy, 0);
	EXPECT_EQ(1, nl_queue(self->q.id).receivers);
	EXPECT_EQ(0, send_text(copy, "x"));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
	close(copy);
	EXPECT_EQ(1, nl_queue(self->q.id).receivers);
}

TEST_HARNESS_MAIN
