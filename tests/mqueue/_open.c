// SPDX-License-Identifier: GPL-2.0-only
/* mq_open(3), mq_close(3), mq_unlink(3), and what mq_overview(7) says of names. */
#include "mq_test.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include "kselftest_harness.h"

FIXTURE(name)
{
	char name[NAME_MAX];
};

FIXTURE_SETUP(name)
{
	strcpy(self->name, new_name());
}

FIXTURE_TEARDOWN(name)
{
	mq_unlink(self->name);
}

static mqd_t create(const char *name, int flags, mode_t mode)
{
	struct mq_attr attr = attr_of(MSGS, SIZE);

	return RESULT(mq_open(name, O_CREAT | O_RDWR | flags, mode, &attr));
}

TEST_F(name, without_o_creat_it_must_exist)
{
	EXPECT_EQ(-ENOENT, RESULT(mq_open(self->name, O_RDWR)));
	EXPECT_EQ(-ENOENT, RESULT(mq_open(self->name, O_RDWR | O_EXCL)));
	ASSERT_LE(0, create(self->name, 0, 0600));
	EXPECT_LE(0, RESULT(mq_open(self->name, O_RDWR)));
}

TEST_F(name, attributes_are_as_given)
{
	struct mq_attr attr = { .mq_maxmsg = 3, .mq_msgsize = 17, .mq_flags = O_NONBLOCK,
				.mq_curmsgs = 2 };
	mqd_t mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, &attr);

	ASSERT_LE(0, mqd);
	memset(&attr, 0xff, sizeof(attr));
	ASSERT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(3, attr.mq_maxmsg);
	EXPECT_EQ(17, attr.mq_msgsize);
	/* These are for other calls. */
	EXPECT_EQ(0, attr.mq_flags);
	EXPECT_EQ(0, attr.mq_curmsgs);
}

TEST_F(name, attributes_have_defaults)
{
	mqd_t mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, NULL);
	struct mq_attr attr;

	ASSERT_LE(0, mqd);
	ASSERT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(10, attr.mq_maxmsg);
	EXPECT_EQ(8192, attr.mq_msgsize);
}

TEST_F(name, attributes_must_be_positive)
{
	static const struct mq_attr bad[] = {
		{ .mq_maxmsg = 0, .mq_msgsize = 1 }, { .mq_maxmsg = 1, .mq_msgsize = 0 },
		{ .mq_maxmsg = -1, .mq_msgsize = 1 }, { .mq_maxmsg = 1, .mq_msgsize = -1 },
		{ .mq_maxmsg = 0, .mq_msgsize = 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, RESULT(mq_open(self->name, O_CREAT | O_RDWR, 0600, &bad[i])));
		EXPECT_EQ(-EINVAL, RESULT(mq_open(self->name, O_CREAT | O_EXCL | O_RDWR, 0600,
						  &bad[i])));
	}
	EXPECT_EQ(-ENOENT, RESULT(mq_unlink(self->name)));
}

TEST_F(name, of_an_existing_queue_mode_and_attributes_do_not_matter)
{
	struct mq_attr attr = { .mq_maxmsg = -1, .mq_msgsize = 1 };
	mqd_t mqd;

	ASSERT_LE(0, create(self->name, 0, 0600));
	mqd = mq_open(self->name, O_CREAT | O_RDWR, 0, &attr);
	ASSERT_LE(0, mqd);
	ASSERT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(MSGS, attr.mq_maxmsg);
	EXPECT_EQ(SIZE, attr.mq_msgsize);
}

TEST_F(name, o_excl_fails_if_it_exists)
{
	struct mq_attr bad = { .mq_maxmsg = -1 };

	ASSERT_LE(0, create(self->name, O_EXCL, 0600));
	EXPECT_EQ(-EEXIST, create(self->name, O_EXCL, 0600));
	EXPECT_EQ(-EEXIST, RESULT(mq_open(self->name, O_CREAT | O_EXCL | O_RDWR, 0600, &bad)));
	EXPECT_LE(0, create(self->name, 0, 0600));
}

TEST_F(name, access_mode_must_be_one)
{
	ASSERT_LE(0, create(self->name, 0, 0600));
	EXPECT_EQ(-EINVAL, RESULT(mq_open(self->name, O_RDWR | O_WRONLY)));
}

TEST_F(name, access_mode_says_what_can_be_done)
{
	mqd_t reader, writer;
	char buf[SIZE];

	ASSERT_LE(0, create(self->name, 0, 0600));
	reader = mq_open(self->name, O_RDONLY);
	writer = mq_open(self->name, O_WRONLY);
	ASSERT_LE(0, reader);
	ASSERT_LE(0, writer);
	EXPECT_EQ(-EBADF, send_text(reader, "x", 0));
	EXPECT_EQ(-EBADF, RESULT(mq_receive(writer, buf, sizeof(buf), NULL)));
	EXPECT_EQ(0, send_text(writer, "x", 0));
	EXPECT_EQ(1, mq_receive(reader, buf, sizeof(buf), NULL));
}

TEST_F(name, o_nonblock)
{
	struct mq_attr attr;
	mqd_t mqd = create(self->name, O_NONBLOCK, 0600);
	char buf[SIZE];

	ASSERT_LE(0, mqd);
	ASSERT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(O_NONBLOCK, attr.mq_flags);
	EXPECT_EQ(-EAGAIN, RESULT(mq_receive(mqd, buf, sizeof(buf), NULL)));
	mqd = mq_open(self->name, O_RDWR | O_NONBLOCK);
	EXPECT_EQ(-EAGAIN, RESULT(mq_receive(mqd, buf, sizeof(buf), NULL)));
}

TEST_F(name, is_closed_by_exec)
{
	mqd_t mqd = create(self->name, 0, 0600);

	EXPECT_EQ(FD_CLOEXEC, fcntl(mqd, F_GETFD));
	mqd = mq_open(self->name, O_RDWR);
	EXPECT_EQ(FD_CLOEXEC, fcntl(mqd, F_GETFD));
}

TEST_F(name, exec_closes_it)
{
	mqd_t mqd = create(self->name, 0, 0600);
	char path[40];
	pid_t pid;

	ASSERT_LE(0, mqd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)mqd);
	pid = fork();
	if (!pid) {
		CHILD_CHECK(access(path, F_OK) == 0);
		execlp("test", "test", "-L", path, NULL);
		_exit(2);
	}
	EXPECT_EQ(1, status_of(pid));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(fcntl(mqd, F_SETFD, 0) == 0);
		execlp("test", "test", "-L", path, NULL);
		_exit(2);
	}
	EXPECT_EQ(0, status_of(pid));
}

/* Leave the process @n descriptors to open. */
static int leave_descriptors(int n)
{
	struct rlimit limit;
	int fds[8], i;

	for (i = 0; i < n; i++)
		fds[i] = dup(0);
	limit.rlim_cur = dup(0);
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	while (i)
		close(fds[--i]);
	return close(limit.rlim_cur);
}

static int open_descriptors(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST_F(name, takes_a_descriptor)
{
	pid_t pid;

	ASSERT_LE(0, create(self->name, 0, 0600));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(leave_descriptors(0) == 0);
		CHILD_CHECK(RESULT(mq_open(self->name, O_RDWR)) == -EMFILE);
		CHILD_CHECK(create(self->name, 0, 0600) == -EMFILE);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	/* One is enough for a queue that is there. */
	pid = fork();
	if (!pid) {
		CHILD_CHECK(leave_descriptors(1) == 0);
		CHILD_CHECK(create(self->name, 0, 0600) >= 0);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
}

TEST_F(name, creation_takes_descriptors)
{
	mqd_t queue = new_queue(MSGS, SIZE, 0);
	bool ours = on_ipcq(queue);
	pid_t pid;

	/* On ipcq it takes two for a moment.  What fails leaves nothing behind. */
	pid = fork();
	if (!pid) {
		int before;

		CHILD_CHECK(leave_descriptors(ours) == 0);
		before = open_descriptors();
		CHILD_CHECK(create(self->name, 0, 0600) == -EMFILE);
		CHILD_CHECK(create(self->name, O_EXCL, 0600) == -EMFILE);
		CHILD_CHECK(open_descriptors() == before);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(-ENOENT, RESULT(mq_open(self->name, O_RDWR)));
	EXPECT_EQ(-ENOENT, RESULT(mq_unlink(self->name)));
	pid = fork();
	if (!pid) {
		int before;

		CHILD_CHECK(leave_descriptors(1 + ours) == 0);
		before = open_descriptors();
		CHILD_CHECK(create(self->name, O_EXCL, 0600) >= 0);
		CHILD_CHECK(open_descriptors() == before + 1);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	EXPECT_LE(0, RESULT(mq_open(self->name, O_RDWR)));
}

TEST(names_that_may_not_be)
{
	static const struct { const char *name; int open, unlink; } bad[] = {
		{ "", EINVAL, EINVAL }, { "x", EINVAL, EINVAL }, { "x/y", EINVAL, EINVAL },
		{ "/", ENOENT, ENOENT }, { "/.", EACCES, EACCES }, { "/..", EACCES, EACCES },
		{ "/x/y", EACCES, EACCES }, { "//x", EACCES, EACCES }, { "/x/", EACCES, EACCES },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-bad[i].open, create(bad[i].name, 0, 0600))
			TH_LOG("name '%s'", bad[i].name);
		EXPECT_EQ(-bad[i].open, RESULT(mq_open(bad[i].name, O_RDWR)));
		EXPECT_EQ(-bad[i].unlink, RESULT(mq_unlink(bad[i].name)));
	}
}

TEST(names_may_be_long)
{
	char name[PATH_MAX + 2] = "/", other[PATH_MAX + 2] = "/";
	mqd_t mqd;

	memset(name + 1, 'n', NAME_MAX);
	memcpy(other, name, sizeof(name));
	other[NAME_MAX] = 'm';
	mqd = create(name, O_EXCL, 0600);
	ASSERT_LE(0, mqd);
	EXPECT_LE(0, RESULT(mq_open(name, O_RDWR)));
	EXPECT_EQ(-ENOENT, RESULT(mq_open(other, O_RDWR)));
	EXPECT_LE(0, create(other, O_EXCL, 0600));
	EXPECT_EQ(0, mq_unlink(name));
	EXPECT_EQ(0, mq_unlink(other));

	name[NAME_MAX + 1] = 'n';
	EXPECT_EQ(-ENAMETOOLONG, create(name, 0, 0600));
	EXPECT_EQ(-ENAMETOOLONG, RESULT(mq_open(name, O_RDWR)));
	EXPECT_EQ(-ENAMETOOLONG, RESULT(mq_unlink(name)));
	memset(name + 1, 'n', PATH_MAX);
	EXPECT_EQ(-ENAMETOOLONG, create(name, 0, 0600));
	EXPECT_EQ(-ENAMETOOLONG, RESULT(mq_unlink(name)));
}

TEST(names_may_have_any_byte)
{
	static const char * const names[] = {
		"/mq-test-.a", "/mq-test-..a", "/mq-test-.2ea", "/mq-test-A", "/mq-test-a",
		"/mq-test- ", "/mq-test-\n", "/mq-test-\xff", "/mq-test-\xc3\xbc", "/...",
		"/mq-test-.20", "/-", "/control", "/default", "/.mq-test", "/mq-test-\\",
	};
	size_t i, n = sizeof(names) / sizeof(names[0]);

	/* Each is another queue. */
	for (i = 0; i < n; i++) {
		EXPECT_LE(0, create(names[i], O_EXCL, 0600))
			TH_LOG("name '%s'", names[i]);
	}
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, mq_unlink(names[i]));
	for (i = 0; i < n; i++)
		EXPECT_EQ(-ENOENT, RESULT(mq_unlink(names[i])));
}

TEST_F(name, is_free_after_unlink)
{
	mqd_t old = create(self->name, 0, 0600), new;

	ASSERT_LE(0, old);
	ASSERT_EQ(0, send_text(old, "old", 0));
	ASSERT_EQ(0, mq_unlink(self->name));
	EXPECT_EQ(-ENOENT, RESULT(mq_open(self->name, O_RDWR)));
	EXPECT_EQ(-ENOENT, RESULT(mq_unlink(self->name)));

	new = create(self->name, O_EXCL, 0600);
	ASSERT_LE(0, new);
	EXPECT_EQ(0, depth(new));
	/* Who has it open goes on. */
	EXPECT_EQ(0, send_text(old, "more", 0));
	EXPECT_TRUE(got_text(old, "old", 0));
	EXPECT_TRUE(got_text(old, "more", 0));
	EXPECT_EQ(0, mq_close(old));
	EXPECT_EQ(0, depth(new));
}

TEST_F(name, survives_its_creator)
{
	mqd_t mqd;
	pid_t pid = fork();

	if (!pid) {
		mqd = create(self->name, O_EXCL, 0600);
		CHILD_CHECK(mqd >= 0);
		CHILD_CHECK(send_text(mqd, "legacy", 7) == 0);
		_exit(0);
	}
	ASSERT_EQ(0, status_of(pid));
	mqd = mq_open(self->name, O_RDONLY);
	ASSERT_LE(0, mqd);
	EXPECT_TRUE(got_text(mqd, "legacy", 7));
}

TEST_F(name, umask_applies)
{
	struct stat stat;
	mqd_t mqd;
	mode_t old = umask(027);

	mqd = create(self->name, 0, 0777);
	umask(old);
	ASSERT_LE(0, mqd);
	ASSERT_EQ(0, fstat(mqd, &stat));
	EXPECT_EQ(0750, stat.st_mode & 0777);
	EXPECT_EQ(geteuid(), stat.st_uid);
	EXPECT_EQ(getegid(), stat.st_gid);
	mqd = mq_open(self->name, O_RDWR);
	ASSERT_EQ(0, fstat(mqd, &stat));
	EXPECT_EQ(0750, stat.st_mode & 0777);
}

TEST_F(name, belongs_to_the_effective_ids)
{
	struct stat stat;
	mqd_t mqd;
	pid_t pid;

	if (geteuid())
		SKIP(return, "takes root");
	pid = fork();
	if (!pid) {
		CHILD_CHECK(setgroups(0, NULL) == 0);
		CHILD_CHECK(setresgid(1001, 1002, 1003) == 0);
		CHILD_CHECK(setresuid(2001, 2002, 2003) == 0);
		mqd = create(self->name, O_EXCL, 0600);
		CHILD_CHECK(mqd >= 0);
		CHILD_CHECK(fstat(mqd, &stat) == 0);
		CHILD_CHECK(stat.st_uid == 2002 && stat.st_gid == 1002);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
}

/* What an open description may do does not change when the mode does. */
TEST_F(name, mode_is_looked_at_when_it_is_opened)
{
	mqd_t mqd;
	pid_t pid;

	if (geteuid())
		SKIP(return, "takes root");
	mqd = create(self->name, O_EXCL, 0600);
	ASSERT_LE(0, mqd);
	ASSERT_EQ(0, fchmod(mqd, 0));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(become(1000, 1000) == 0);
		CHILD_CHECK(RESULT(mq_open(self->name, O_RDWR)) == -EACCES);
		CHILD_CHECK(send_text(mqd, "x", 0) == 0);
		CHILD_CHECK(got_text(mqd, "x", 0));
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
}

TEST_F(name, mode_can_be_changed_by_descriptor)
{
	mqd_t mqd = create(self->name, 0, 0600);
	struct stat stat;

	ASSERT_LE(0, mqd);
	EXPECT_EQ(0, fchmod(mqd, 0644));
	ASSERT_EQ(0, fstat(mqd, &stat));
	EXPECT_EQ(0644, stat.st_mode & 0777);
	mqd = mq_open(self->name, O_RDONLY);
	ASSERT_EQ(0, fstat(mqd, &stat));
	EXPECT_EQ(0644, stat.st_mode & 0777);
}

/* In a child that is somebody else, which opens succeed? */
static int access_of(const char *name, uid_t uid, gid_t gid)
{
	pid_t pid = fork();
	int may = 0;

	if (!pid) {
		CHILD_CHECK(become(uid, gid) == 0);
		may |= mq_open(name, O_RDONLY) >= 0 ? 4 : errno == EACCES ? 0 : 64;
		may |= mq_open(name, O_WRONLY) >= 0 ? 2 : errno == EACCES ? 0 : 64;
		may |= mq_open(name, O_RDWR) >= 0 ? 1 : errno == EACCES ? 0 : 64;
		/* The same if it could be created. */
		may |= mq_open(name, O_RDONLY | O_CREAT, 0666, NULL) >= 0 ? 8 :
			errno == EACCES ? 0 : 64;
		_exit(may);
	}
	return status_of(pid);
}

TEST_F(name, mode_says_who_may)
{
	static const struct { mode_t mode; int owner, group, other; } modes[] = {
		{ 0600, 15, 0, 0 }, { 0640, 15, 12, 0 }, { 0624, 15, 2, 12 }, { 0006, 0, 0, 15 },
		{ 0200, 2, 0, 0 }, { 0422, 12, 2, 2 }, { 0000, 0, 0, 0 }, { 0111, 0, 0, 0 },
	};
	mode_t old = umask(0);
	size_t i;
	pid_t pid;

	if (geteuid())
		SKIP(return, "takes root");
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		pid = fork();
		if (!pid) {
			CHILD_CHECK(become(1000, 1000) == 0);
			/* Whoever creates it gets what they ask for. */
			CHILD_CHECK(create(self->name, O_EXCL, modes[i].mode) >= 0);
			_exit(0);
		}
		ASSERT_EQ(0, status_of(pid));
		EXPECT_EQ(modes[i].owner, access_of(self->name, 1000, 1000))
			TH_LOG("owner, mode %o", modes[i].mode);
		EXPECT_EQ(modes[i].group, access_of(self->name, 1001, 1000))
			TH_LOG("group, mode %o", modes[i].mode);
		EXPECT_EQ(modes[i].other, access_of(self->name, 1001, 1001))
			TH_LOG("other, mode %o", modes[i].mode);
		EXPECT_EQ(0, mq_unlink(self->name));
	}
	umask(old);
}

TEST_F(name, is_unlinked_by_its_owner_only)
{
	pid_t pid;

	if (geteuid())
		SKIP(return, "takes root");
	ASSERT_LE(0, create(self->name, 0, 0666));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(become(1001, 1001) == 0);
		CHILD_CHECK(RESULT(mq_unlink(self->name)) == -EACCES);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(0, mq_unlink(self->name));
}

TEST_F(name, one_of_many_creates_it)
{
	enum { MANY = 20 };
	int i, gate[2], created = 0, found = 0;
	pid_t pids[MANY];

	ASSERT_EQ(0, pipe(gate));
	for (i = 0; i < MANY; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			char c;

			close(gate[1]);
			CHILD_CHECK(read(gate[0], &c, 1) == 0);
			_exit(create(self->name, O_EXCL, 0600) >= 0 ? 10 :
			      errno == EEXIST ? 20 : 1);
		}
	}
	close(gate[1]);
	for (i = 0; i < MANY; i++) {
		switch (status_of(pids[i])) {
		case 10:	created++; break;
		case 20:	found++; break;
		}
	}
	EXPECT_EQ(1, created);
	EXPECT_EQ(MANY - 1, found);
}

TEST_F(name, all_of_many_open_the_same)
{
	enum { MANY = 10 };
	struct mq_attr attr = attr_of(MANY, SIZE);
	pid_t pids[MANY];
	int i, gate[2];
	mqd_t mqd;

	ASSERT_EQ(0, pipe(gate));
	for (i = 0; i < MANY; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			char c;

			close(gate[1]);
			CHILD_CHECK(read(gate[0], &c, 1) == 0);
			mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, &attr);
			CHILD_CHECK(mqd >= 0);
			CHILD_CHECK(send_text(mqd, "here", 0) == 0);
			_exit(0);
		}
	}
	close(gate[1]);
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, status_of(pids[i]));
	mqd = mq_open(self->name, O_RDWR);
	ASSERT_LE(0, mqd);
	EXPECT_EQ(MANY, depth(mqd));
}

TEST(close_ends_a_descriptor)
{
	mqd_t mqd = new_queue(MSGS, SIZE, 0);
	struct mq_attr attr;

	ASSERT_LE(0, mqd);
	EXPECT_EQ(0, mq_close(mqd));
	EXPECT_EQ(-EBADF, RESULT(mq_close(mqd)));
	EXPECT_EQ(-EBADF, RESULT(mq_close(-1)));
	EXPECT_EQ(-EBADF, RESULT(mq_getattr(mqd, &attr)));
}

static void not_a_queue(struct __test_metadata *_metadata, int fd)
{
	struct timespec soon = in_seconds(1);
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct mq_attr attr = { .mq_flags = 0 };
	char buf[SIZE];

	ASSERT_LE(-1, fd);
	EXPECT_EQ(-EBADF, RESULT(mq_send(fd, "x", 1, 0)));
	EXPECT_EQ(-EBADF, RESULT(mq_timedsend(fd, "x", 1, 0, &soon)));
	EXPECT_EQ(-EBADF, RESULT(mq_receive(fd, buf, sizeof(buf), NULL)));
	EXPECT_EQ(-EBADF, RESULT(mq_timedreceive(fd, buf, sizeof(buf), NULL, &soon)));
	EXPECT_EQ(-EBADF, RESULT(mq_getattr(fd, &attr)));
	EXPECT_EQ(-EBADF, RESULT(mq_setattr(fd, &attr, NULL)));
	EXPECT_EQ(-EBADF, RESULT(mq_notify(fd, &event)));
	EXPECT_EQ(-EBADF, RESULT(mq_notify(fd, NULL)));
}

TEST(other_descriptors_are_no_queues)
{
	mqd_t queue = new_queue(MSGS, SIZE, 0);
	int fds[2];

	not_a_queue(_metadata, -1);
	not_a_queue(_metadata, 1000);
	not_a_queue(_metadata, open("/", O_RDONLY));
	not_a_queue(_metadata, open("/dev/null", O_RDWR));
	not_a_queue(_metadata, open("/dev/zero", O_RDWR));
	not_a_queue(_metadata, open("/dev/ptmx", O_RDWR | O_NOCTTY));
	not_a_queue(_metadata, open("/proc/self/exe", O_RDONLY));
	not_a_queue(_metadata, open("/", O_PATH));
	ASSERT_EQ(0, pipe(fds));
	not_a_queue(_metadata, fds[0]);
	not_a_queue(_metadata, fds[1]);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	not_a_queue(_metadata, fds[0]);
	not_a_queue(_metadata, socket(AF_INET, SOCK_DGRAM, 0));

	/* The system's own closes whatever it is given. */
	if (on_ipcq(queue)) {
		not_a_queue(_metadata, open("/dev/ipcq/control", O_RDWR));
		EXPECT_EQ(-EBADF, RESULT(mq_close(fds[0])));
		EXPECT_EQ(0, close(fds[0]));
	}
}

/* What <mqueue.h> makes of mq_open() in a program that is fortified. */
mqd_t __mq_open_2(const char *name, int flags);

TEST_F(name, fortified_open)
{
	pid_t pid;

	EXPECT_EQ(-ENOENT, RESULT(__mq_open_2(self->name, O_RDWR)));
	ASSERT_LE(0, create(self->name, 0, 0600));
	EXPECT_LE(0, RESULT(__mq_open_2(self->name, O_RDWR)));
	pid = fork();
	if (!pid) {
		close(2);
		__mq_open_2(self->name, O_RDWR | O_CREAT);
		_exit(0);
	}
	EXPECT_EQ(-SIGABRT, status_of(pid));
}

TEST_HARNESS_MAIN
