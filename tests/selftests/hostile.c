// SPDX-License-Identifier: GPL-2.0-only
/*
 * An unprivileged user tries to use up what there is, and to get out of a container.
 * Each attempt ends at a limit with its errno, and meanwhile others go on working.
 */
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/userfaultfd.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define MALLORY	12345
#define ALICE	23456
#define NOBODY	65534	/* the overflow uid */

/* Enough to be sure that a limit ends it. */
#define MANY	4096

/* Seconds for what is done that often, in emulation with sanitizers. */
#define LONG	200

FIXTURE(hostile) {
	char queues[32];
	char bytes[32];
	struct queue q;
};

static int set_number(const char *param, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return param_set(param, text);
}

FIXTURE_SETUP(hostile)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_UID | IPCQ_ATTR_GID | IPCQ_ATTR_MODE,
		.uid = ALICE,
		.gid = ALICE,
		.mode = 0666,
	};

	ASSERT_EQ(0, param_get("user_queues", self->queues, sizeof(self->queues)));
	ASSERT_EQ(0, param_get("user_bytes", self->bytes, sizeof(self->bytes)));
	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(hostile)
{
	EXPECT_EQ(0, param_set("user_queues", self->queues));
	EXPECT_EQ(0, param_set("user_bytes", self->bytes));
	EXPECT_EQ(0, queue_end(&self->q));
}

/*
 * Alice, whose limits are her own, does what one does that needs no name to be made.
 * She does not wait for ever.
 */
static int transfer_and_look(void)
{
	struct queue q;

	alarm(LONG / 4);
	CHECK(become(ALICE, ALICE) == 0);
	CHECK(queue_make_anonymous(&q, NULL, O_RDWR) == 0);
	CHECK(send_text(q.fd, "alice") == 0);
	CHECK(recv_text(q.fd, "alice") == 0);
	CHECK(nl_queue(q.id).err == 0);
	CHECK(nl_totals().err == 0);
	CHECK(close(q.fd) == 0);
	return 0;
}

static int work(void *arg)
{
	struct queue q;
	int fd;

	(void)arg;
	CHECK(transfer_and_look() == 0);
	CHECK(queue_make(&q, NULL) == 0);
	fd = queue_open(&q, O_RDWR);
	CHECK(fd >= 0);
	CHECK(send_text(fd, "alice") == 0);
	CHECK(recv_text(q.fd, "alice") == 0);
	CHECK(queue_destroy(q.name) == 0);
	return 0;
}

/* A child that has used up what it can, and holds it. */
struct holder {
	pid_t pid;
	int done;	/* the end of a pipe that closes when it has */
};

static int holding;

/* In the holder: say that all is used up, and keep it until killed. */
static int hold(void)
{
	close(holding);
	pause();
	return 1;
}

static struct holder holder_start(child_fn fn, void *arg)
{
	struct holder holder;
	char none;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return (struct holder) { .pid = -1 };
	holding = ends[1];
	holder.done = ends[0];
	holder.pid = child_start(fn, arg);
	close(ends[1]);
	/* End of file: it holds, or has failed, which shows at the end. */
	if (read(holder.done, &none, 1))
		return (struct holder) { .pid = -1 };
	return holder;
}

/* 0 if it held until now. */
static int holder_end(struct holder *holder)
{
	kill(holder->pid, SIGKILL);
	close(holder->done);
	return child_end(holder->pid) == -SIGKILL ? 0 : 1;
}

/* While Mallory holds what @fn has used up, Alice works; afterwards it is there again. */
#define OTHERS_WORK_WHILE(fn, arg)					\
	do {								\
		struct holder __holder = holder_start(fn, arg);		\
									\
		EXPECT_EQ(0, child_run(work, NULL));			\
		EXPECT_EQ(0, holder_end(&__holder));			\
		EXPECT_EQ(0, child_run(work, NULL));			\
	} while (0)

/* Memory. */

struct filling {
	size_t size;
	uint64_t quota;
	uint64_t overhead;
};

static int fill_kernel_memory(void *arg)
{
	const struct filling *f = arg;
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES,
		.max_msgs = 65536,
		.max_bytes = 16 << 20,
	};
	static char payload[64 << 10];
	uint64_t messages = 0;
	struct queue q;
	int i, err;

	CHECK(become(MALLORY, MALLORY) == 0);
	for (i = 0, err = -EAGAIN; err == -EAGAIN; i++) {
		CHECK(i < 256);
		CHECK(queue_make_anonymous(&q, &attr, O_RDWR) == 0);
		while (!(err = msg_send(q.fd, &MSG(payload, f->size,
						   .flags = IPCQ_MSG_NONBLOCK))))
			messages++;
	}
	CHECK(err == -EDQUOT);
	CHECK(messages == f->quota / (f->size + f->overhead));
	return hold();
}

TEST_F_TIMEOUT(hostile, memory_in_large_messages, LONG)
{
	struct filling f = { .size = 64 << 10, .overhead = nl_totals().msg_overhead };

	f.quota = strtoull(self->bytes, NULL, 10);
	OTHERS_WORK_WHILE(fill_kernel_memory, &f);
}

TEST_F_TIMEOUT(hostile, memory_in_empty_messages, LONG)
{
	struct filling f = { .quota = 4 << 20, .overhead = nl_totals().msg_overhead };

	ASSERT_EQ(0, set_number("user_bytes", f.quota));
	OTHERS_WORK_WHILE(fill_kernel_memory, &f);
}

static void *send_one(void *arg)
{
	static char payload[64 << 10];
	int *fd = arg;

	/* It blocks until the process is killed. */
	msg_send(*fd, &MSG(payload, sizeof(payload)));
	return NULL;
}

static int fill_with_blocked_senders(void *arg)
{
	const struct queue *q = arg;
	pthread_attr_t small;
	pthread_t thread;
	int i, fd;

	CHECK(become(MALLORY, MALLORY) == 0);
	fd = queue_open(q, O_RDWR);
	CHECK(fd >= 0);
	CHECK(fill(fd) > 0);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (i = 0; i < 16; i++) {
		CHECK(pthread_create(&thread, &small, send_one, &fd) == 0);
		CHECK(WAIT_UNTIL(blocked_senders(q) == (uint32_t)i + 1 ||
				 counted(q, IPCQ_A_COUNTERS_SEND_QUOTA)));
	}
	CHECK(counted(q, IPCQ_A_COUNTERS_SEND_QUOTA) > 0);
	CHECK(blocked_senders(q) < 16);
	return hold();
}

TEST_F_TIMEOUT(hostile, memory_in_blocked_senders, LONG)
{
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 1));
	ASSERT_EQ(0, set_number("user_bytes", 512 << 10));
	OTHERS_WORK_WHILE(fill_with_blocked_senders, &self->q);
}

/* Ids, minors, names. */

static int make_names(void *arg)
{
	unsigned int quota = *(unsigned int *)arg, i;
	struct queue q;

	CHECK(become(MALLORY, MALLORY) == 0);
	for (i = 0; i < quota; i++)
		CHECK(queue_make(&q, &(struct ipcq_attr) {
			.mask = IPCQ_ATTR_FLAGS, .flags = IPCQ_F_EPHEMERAL }) == 0);
	CHECK(queue_make(&q, NULL) == -EDQUOT);
	CHECK(queue_make_anonymous(&q, NULL, O_RDWR) == -EDQUOT);
	return hold();
}

TEST_F_TIMEOUT(hostile, names, LONG)
{
	unsigned int quota = 64;

	ASSERT_EQ(0, set_number("user_queues", quota));
	OTHERS_WORK_WHILE(make_names, &quota);
}

static int make_and_drop(void *arg)
{
	struct queue q;
	int i;

	(void)arg;
	CHECK(become(MALLORY, MALLORY) == 0);
	for (i = 0; i < 100; i++) {
		CHECK(queue_make_anonymous(&q, NULL, O_RDWR) == 0);
		close(q.fd);
	}
	return 0;
}

TEST_F(hostile, minors)
{
	struct queue q;

	ASSERT_EQ(0, child_run(make_and_drop, NULL));
	ASSERT_EQ(0, queue_make(&q, NULL));
	EXPECT_EQ(self->q.id + 1, q.id);
	EXPECT_EQ(0, queue_end(&q));
}

/* Openers, of another's queue too. */

static int open_many(void *arg)
{
	const struct queue *q = arg;
	struct rlimit limit = { MANY, MANY };
	int fd, i;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(become(MALLORY, MALLORY) == 0);
	for (i = 0; (fd = queue_open(q, O_RDWR)) >= 0; i++)
		;
	CHECK(fd == -EMFILE);
	CHECK(i > MANY / 2);
	return hold();
}

TEST_F_TIMEOUT(hostile, openers, LONG)
{
	OTHERS_WORK_WHILE(open_many, &self->q);
	EXPECT_EQ(1, nl_queue(self->q.id).senders);
}

/* Blocked calls, and the time under the lock that ending them takes. */

static void *block(void *arg)
{
	int *fd = arg;
	char buf[8];

	msg_recv(*fd, &MSG(buf, sizeof(buf)));
	return NULL;
}

static int block_many(void *arg)
{
	const struct queue *q = arg;
	struct rlimit limit = { MANY / 2, MANY / 2 };
	pthread_attr_t small;
	pthread_t thread;
	uint32_t i;
	int fd;

	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	CHECK(become(MALLORY, MALLORY) == 0);
	fd = queue_open(q, O_RDWR);
	CHECK(fd >= 0);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (i = 0; !pthread_create(&thread, &small, block, &fd); i++)
		CHECK(i < MANY);
	CHECK(i > MANY / 4);
	CHECK(WAIT_UNTIL(blocked_receivers(q) == i));
	return hold();
}

TEST_F_TIMEOUT(hostile, blocked_calls, LONG)
{
	OTHERS_WORK_WHILE(block_many, &self->q);
	EXPECT_EQ(0, blocked_receivers(&self->q));
}

/* Processor time of this thread: those that are woken run before it goes on. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

TEST_F_TIMEOUT(hostile, ending_many_blocked_calls_at_once, LONG)
{
	struct holder mallory = holder_start(block_many, &self->q);
	uint64_t before;

	ASSERT_LT(MANY / 4, blocked_receivers(&self->q));
	before = cpu_ns();
	EXPECT_EQ(0, shut(self->q.fd, IPCQ_SHUT_RECV));
	/* Milliseconds, but the machine may be emulated and busy. */
	EXPECT_GT(5 * SECOND, cpu_ns() - before);
	EXPECT_EQ(0, blocked_receivers(&self->q));
	EXPECT_EQ(0, child_run(work, NULL));
	EXPECT_EQ(0, holder_end(&mallory));
}

/* Answers that nobody reads. */

static int family(int fd)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr command;
		struct nlattr attr;
		char name[8];
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = GENL_ID_CTRL,
			    .nlmsg_flags = NLM_F_REQUEST },
		.command = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attr = { .nla_type = CTRL_ATTR_FAMILY_NAME,
			  .nla_len = NLA_HDRLEN + sizeof(IPCQ_FAMILY_NAME) },
		.name = IPCQ_FAMILY_NAME,
	};
	char answer[4096];
	struct nlattr *attr = (void *)(answer + NLMSG_HDRLEN + GENL_HDRLEN);
	ssize_t size;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	size = recv(fd, answer, sizeof(answer), 0);
	for (; (char *)attr < answer + size;
	     attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len)))
		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(uint16_t *)((char *)attr + NLA_HDRLEN);
	return -ENOENT;
}

static int dump_queues(int fd, int id)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr command;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = id,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.command = { .cmd = IPCQ_CMD_QUEUE_GET, .version = IPCQ_FAMILY_VERSION },
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

static int read_no_answer(void *arg)
{
	struct rlimit limit = { MANY / 4, MANY / 4 };
	struct queue q;
	int i, fd, id;

	(void)arg;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(become(MALLORY, MALLORY) == 0);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	id = family(fd);
	CHECK(id > 0);
	/* So many that no answer is complete. */
	for (i = 0; i < 64; i++)
		CHECK(queue_make_anonymous(&q, NULL, O_RDWR) == 0);
	for (i = 0; fd >= 0; i++) {
		CHECK(dump_queues(fd, id) == 0);
		fd = RESULT(socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC));
	}
	CHECK(fd == -EMFILE);
	CHECK(i > MANY / 8);
	return hold();
}

TEST_F_TIMEOUT(hostile, answers_that_nobody_reads, LONG)
{
	OTHERS_WORK_WHILE(read_no_answer, NULL);
}

/* Memory that stalls whoever touches it: as of a file system in user space. */

static void *stalling(size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range.len = size,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	void *memory;
	int fd;

	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)memory;
	if (fd < 0 || memory == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		return NULL;
	return memory;
}

/* Does the process sleep in that system call? */
static bool is_in_call(pid_t pid, int number)
{
	char path[32], text[256] = {};
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	return size > 0 && *text >= '0' && *text <= '9' && atoi(text) == number;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {};

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

#define STALL_SIZE	(1 << 20)

static int try_stalling(void *arg)
{
	(void)arg;
	return stalling(STALL_SIZE) == NULL;
}

#define NEED_STALLING()							\
	do {								\
		if (child_run(try_stalling, NULL))			\
			SKIP(return, "no userfaultfd");			\
	} while (0)

/* With the directory's lock held, its entries are copied to where they do not arrive. */
static int stall_the_directory(void *arg)
{
	void *memory = stalling(STALL_SIZE);
	int fd;

	(void)arg;
	CHECK(memory);
	CHECK(become(MALLORY, MALLORY) == 0);
	fd = open("/dev/ipcq", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return syscall(SYS_getdents64, fd, memory, STALL_SIZE) < 0;
}

static int work_without_names(void *arg)
{
	const struct queue *q = arg;
	int fd;

	CHECK(transfer_and_look() == 0);
	fd = queue_open(q, O_RDWR);
	CHECK(fd >= 0);
	CHECK(send_text(fd, "alice") == 0);
	CHECK(recv_text(fd, "alice") == 0);
	return 0;
}

static int make_a_name(void *arg)
{
	struct queue q;

	(void)arg;
	CHECK(become(ALICE, ALICE) == 0);
	CHECK(queue_make(&q, NULL) == 0);
	CHECK(queue_destroy(q.name) == 0);
	return 0;
}

TEST_F_TIMEOUT(hostile, a_directory_that_stalls, LONG)
{
	pid_t mallory, first, second;

	NEED_STALLING();
	mallory = child_start(stall_the_directory, NULL);
	ASSERT_TRUE(WAIT_UNTIL(is_in_call(mallory, SYS_getdents64)));
	/* Nobody can get by this: the kernel makes nodes one at a time. */
	first = child_start(make_a_name, NULL);
	ASSERT_TRUE(WAIT_UNTIL(is_in_call(first, SYS_ioctl)));
	EXPECT_EQ(0, child_run(work_without_names, &self->q));
	/* Whoever waits behind it can give up. */
	second = child_start(make_a_name, NULL);
	EXPECT_TRUE(WAIT_UNTIL(is_in_call(second, SYS_ioctl)));
	ASSERT_EQ(0, kill(second, SIGKILL));
	EXPECT_TRUE(WAIT_UNTIL(has_ended(second)));
	EXPECT_FALSE(has_ended(first));
	ASSERT_EQ(0, kill(mallory, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(mallory));
	EXPECT_EQ(-SIGKILL, child_end(second));
	EXPECT_EQ(0, child_end(first));
}

static int receive_into_stall(void *arg)
{
	void *memory = stalling(STALL_SIZE);
	const struct queue *q = arg;

	CHECK(memory);
	CHECK(become(MALLORY, MALLORY) == 0);
	return read(queue_open(q, O_RDONLY), memory, STALL_SIZE) < 0;
}

static int send_from_stall(void *arg)
{
	void *memory = stalling(STALL_SIZE);
	const struct queue *q = arg;

	CHECK(memory);
	CHECK(become(MALLORY, MALLORY) == 0);
	return write(queue_open(q, O_WRONLY), memory, 4096) < 0;
}

TEST_F_TIMEOUT(hostile, transfers_that_stall, LONG)
{
	pid_t receiver, sender;

	NEED_STALLING();
	ASSERT_EQ(0, send_text(self->q.fd, "first"));
	ASSERT_EQ(0, send_text(self->q.fd, "second"));
	receiver = child_start(receive_into_stall, &self->q);
	ASSERT_TRUE(WAIT_UNTIL(nl_queue(self->q.id).depth == 1));
	sender = child_start(send_from_stall, &self->q);
	ASSERT_TRUE(WAIT_UNTIL(nl_queue(self->q.id).senders == 2));
	/* Nothing is held meanwhile. */
	EXPECT_EQ(0, recv_text(self->q.fd, "second"));
	EXPECT_EQ(0, child_run(work_without_names, &self->q));
	EXPECT_EQ(0, set_max_msgs(self->q.fd, 10));
	EXPECT_EQ(0, purge(self->q.fd));
	ASSERT_EQ(0, kill(sender, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(sender));
	/* Whoever cannot take a message gives it back. */
	ASSERT_EQ(0, kill(receiver, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(receiver));
	EXPECT_EQ(0, recv_text(self->q.fd, "first"));
}

/* A container that has the node of one queue, and nothing else of ipcq. */

#define ROOM	"/mnt"
#define NODE	"/queue"

static int enter_container(const struct queue *q)
{
	char path[IPCQ_NAME_MAX + 20], map[32];

	CHECK(become(MALLORY, MALLORY) == 0);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC))
		return -errno;
	snprintf(map, sizeof(map), "0 %u 1", MALLORY);
	CHECK(write_file("/proc/self/uid_map", map) == 0);
	CHECK(write_file("/proc/self/setgroups", "deny") == 0);
	CHECK(write_file("/proc/self/gid_map", map) == 0);
	CHECK(mount("none", ROOM, "tmpfs", 0, "") == 0);
	CHECK(mknod(ROOM NODE, S_IFREG | 0600, 0) == 0);
	CHECK(mount(queue_path(q, path), ROOM NODE, NULL, MS_BIND, NULL) == 0);
	CHECK(chroot(ROOM) == 0);
	CHECK(chdir("/") == 0);
	return 0;
}

struct inmate {
	struct queue *q;
	struct queue *other;
	int go[2];	/* from outside: one byte when the queue has been destroyed */
	int ready[2];	/* from inside: one byte when it may be */
};

static int try_everything(void *arg)
{
	const struct inmate *i = arg;
	struct ipcq_attr attr = {};
	struct queue own;
	struct stat st;
	char byte = 0;
	int fd;

	/* What it was given. */
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(send_text(fd, "from inside") == 0);
	CHECK(recv_text(fd, "from inside") == 0);
	CHECK(attr_get(fd, &attr) == 0);
	CHECK(attr.uid == NOBODY && attr.gid == NOBODY && attr.id == i->q->id);

	/* What is the owner's. */
	CHECK(purge(fd) == -EPERM);
	CHECK(shut(fd, IPCQ_SHUT_RECV) == -EPERM);
	CHECK(set_max_msgs(fd, 1) == -EPERM);
	CHECK(chmod(NODE, 0777) < 0 && errno == EPERM);
	CHECK(chown(NODE, 0, 0) < 0 && errno == EPERM);

	/* A way to other queues: the control device, statistics, nodes of one's own. */
	CHECK(queue_make(&own, NULL) == -ENOENT);
	CHECK(queue_destroy(i->other->name) == -ENOENT);
	CHECK(nl_queue(i->q->id).err == -ENOENT);
	CHECK(nl_totals().err == -ENOENT);
	CHECK(fstat(fd, &st) == 0);
	CHECK(mknod("/other", S_IFCHR | 0666, makedev(major(st.st_rdev), i->other->id)) < 0 &&
	      errno == EPERM);
	CHECK(open("/proc/self/fd/0", O_RDONLY) < 0 && errno == ENOENT);
	/* More than the descriptor has. */
	close(fd);
	fd = open(NODE, O_RDONLY | O_CLOEXEC);
	CHECK(queue_open_end(fd, O_RDWR) == -EACCES);

	/* The queue goes, and another one comes: the node leads to neither. */
	CHECK(write(i->ready[1], &byte, 1) == 1);
	CHECK(read(i->go[0], &byte, 1) == 1);
	CHECK(open(NODE, O_RDONLY) < 0 && (errno == EACCES || errno == ENXIO));
	/* What is open stays open. */
	CHECK(attr_get(fd, &attr) == 0 && attr.flags & IPCQ_F_UNLINKED);
	return 0;
}

static int live_in_container(void *arg)
{
	const struct inmate *i = arg;

	CHECK(enter_container(i->q) == 0);
	return child_run(try_everything, arg);
}

static int try_container(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
		       CLONE_NEWIPC) ? 1 : 0;
}

TEST_F(hostile, a_container_with_one_node)
{
	struct queue other, next;
	struct inmate inmate = { .q = &self->q, .other = &other };
	pid_t mallory;
	char byte = 0;

	if (child_run(try_container, NULL))
		SKIP(return, "cannot make a user namespace");
	ASSERT_EQ(0, queue_make(&other, NULL));
	ASSERT_EQ(0, pipe2(inmate.go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(inmate.ready, O_CLOEXEC));
	mallory = child_start(live_in_container, &inmate);
	close(inmate.ready[1]);
	EXPECT_EQ(1, read(inmate.ready[0], &byte, 1));
	EXPECT_EQ(0, queue_destroy(self->q.name));
	EXPECT_EQ(0, queue_make(&next, NULL));
	EXPECT_EQ(1, write(inmate.go[1], &byte, 1));
	EXPECT_EQ(0, child_end(mallory));
	EXPECT_EQ(0, queue_end(&next));
	EXPECT_EQ(0, queue_end(&other));
}

TEST_HARNESS_MAIN
