// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once, and killed at any moment, for some time: IPCQ_STRESS_SECONDS,
 * by default two.  Afterwards the books balance, and nothing is left.
 *
 * IPCQ_STRESS_SEED chooses another sequence of events.
 */
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define PROCESSES	6
#define QUEUES		3
#define ROOM		4096

/* How often a process does what; it tells that all of it was tried. */
enum action {
	SEND, SEND_TIMED, WRITE, RECV, RECV_TIMED, READ, READ_NOWHERE, WRITE_NOWHERE,
	POLL, PURGE, SHUT, CHANGE, ORDER, REOPEN, DESTROY, LOOK, RESET, ACTIONS
};

static const unsigned int weights[ACTIONS] = {
	[SEND] = 20, [SEND_TIMED] = 10, [WRITE] = 20,
	[RECV] = 20, [RECV_TIMED] = 10, [READ] = 20,
	[READ_NOWHERE] = 4, [WRITE_NOWHERE] = 2, [POLL] = 5, [PURGE] = 1, [SHUT] = 2,
	[CHANGE] = 4, [ORDER] = 2, [REOPEN] = 4, [DESTROY] = 1, [LOOK] = 4, [RESET] = 1,
};

FIXTURE(stress) {
	char names[QUEUES][IPCQ_NAME_MAX + 1];
	unsigned long *done;	/* by action; shared with the processes */
	unsigned int seed;
	uint64_t ns;
};

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

FIXTURE_SETUP(stress)
{
	for (int i = 0; i < QUEUES; i++)
		queue_name(self->names[i]);
	self->seed = from_environment("IPCQ_STRESS_SEED", 1);
	self->ns = from_environment("IPCQ_STRESS_SECONDS", 2) * SECOND;
	self->done = mmap(NULL, ACTIONS * sizeof(*self->done), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->done);
}

FIXTURE_TEARDOWN(stress)
{
	for (int i = 0; i < QUEUES; i++)
		queue_destroy(self->names[i]);
	EXPECT_EQ(0, nl_books_of_totals());
}

/* One process, with one of the queues open. */
struct stressor {
	FIXTURE_DATA(stress) *stress;
	unsigned int seed;
	const char *name;
	struct queue q;
	char *nowhere;
};

static unsigned int random_below(struct stressor *s, unsigned int end)
{
	return rand_r(&s->seed) % end;
}

/* Open the queue or, if it is not there, make it.  Others do the same. */
static void reopen(struct stressor *s)
{
	const int flags[] = { O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };
	struct ipcq_create create = {
		.open_flags = O_RDWR,
		.attr = {
			.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_FLAGS | IPCQ_ATTR_ORDER,
			.max_msgs = 1 + random_below(s, 8),
			.order = random_below(s, 2),
			.flags = random_below(s, 4),
		},
	};

	if (s->q.fd >= 0)
		close(s->q.fd);
	strcpy(s->q.name, s->name);
	s->q.fd = queue_open(&s->q, flags[random_below(s, 4)]);
	if (s->q.fd >= 0)
		return;
	strcpy(create.name, s->name);
	s->q.fd = queue_create(&create);
	s->q.id = create.attr.id;
}

static void change(struct stressor *s)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE |
			IPCQ_ATTR_FLAGS | IPCQ_ATTR_HIGH_PCT | IPCQ_ATTR_LOW_PCT,
		.max_msgs = 1 + random_below(s, 16),
		.max_bytes = ROOM + random_below(s, 4 * ROOM),
		.max_msg_size = 1 + random_below(s, ROOM),
		.flags = random_below(s, 4),
		.high_pct = 50 + random_below(s, 50),
		.low_pct = random_below(s, 50),
	};

	attr_set(s->q.fd, &attr);
}

static struct ipcq_msg soon(struct stressor *s)
{
	struct ipcq_msg msg = {
		.flags = IPCQ_MSG_TIMEOUT,
		.timeout_ns = random_below(s, MS),
	};

	if (random_below(s, 2)) {
		msg.flags |= IPCQ_MSG_ABSTIME;
		msg.timeout_ns += now_ns();
	}
	if (msg.flags & IPCQ_MSG_ABSTIME && random_below(s, 2)) {
		msg.flags |= IPCQ_MSG_REALTIME;
		msg.timeout_ns += realtime_ns() - now_ns();
	}
	return msg;
}

/* Whatever the result is, it is right: it is the queue that is looked at. */
static void act(struct stressor *s, enum action action)
{
	static char buf[ROOM];
	uint32_t size = random_below(s, random_below(s, 8) ? 64 : ROOM);
	struct pollfd pfd = { .fd = s->q.fd, .events = POLLIN | POLLOUT };
	struct ipcq_msg msg = {};
	ssize_t ignored;

	switch (action) {
	case SEND_TIMED:
		msg = soon(s);
		/* fall through */
	case SEND:
		msg.data = (uintptr_t)buf;
		msg.size = size;
		msg.prio = random_below(s, 4);
		msg.flags |= IPCQ_MSG_NOSIGNAL;
		msg_send(s->q.fd, &msg);
		break;
	case RECV_TIMED:
		msg = soon(s);
		/* fall through */
	case RECV:
		msg.data = (uintptr_t)buf;
		msg.size = random_below(s, 8) ? ROOM : size;
		msg_recv(s->q.fd, &msg);
		break;
	case WRITE:
		ignored = write(s->q.fd, buf, size);
		break;
	case READ:
		ignored = read(s->q.fd, buf, ROOM);
		break;
	case READ_NOWHERE:
		ignored = read(s->q.fd, s->nowhere - size / 2, ROOM);
		break;
	case WRITE_NOWHERE:
		ignored = write(s->q.fd, s->nowhere - size / 2, size);
		break;
	case POLL:
		poll(&pfd, 1, 1);
		break;
	case PURGE:
		purge(s->q.fd);
		break;
	case SHUT:
		shut(s->q.fd, random_below(s, 4));
		shut(s->q.fd, 0);
		break;
	case CHANGE:
		change(s);
		break;
	case ORDER:
		set_order(s->q.fd, random_below(s, 2));
		break;
	case REOPEN:
		reopen(s);
		break;
	case DESTROY:
		queue_destroy(s->name);
		break;
	case LOOK:
		/* Somebody else may have made what this process has open. */
		if (s->q.id && nl_books(s->q.id) > 0)
			_exit(1);
		if (nl_books_of_totals() > 0)
			_exit(1);
		break;
	case RESET:
		if (s->q.id)
			nl_reset(s->q.id, IPCQ_RESET_PEAK | IPCQ_RESET_COUNTERS);
		break;
	case ACTIONS:
		break;
	}
	(void)ignored;
}

static enum action choose(struct stressor *s)
{
	unsigned int total = 0, i, at;

	for (i = 0; i < ACTIONS; i++)
		total += weights[i];
	at = random_below(s, total);
	for (i = 0; at >= weights[i]; i++)
		at -= weights[i];
	return i;
}

static void nothing(int sig)
{
	(void)sig;
}

static int stress(void *arg)
{
	struct stressor *s = arg;
	size_t page = sysconf(_SC_PAGESIZE);
	enum action chosen;

	s->nowhere = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(s->nowhere != MAP_FAILED);
	s->nowhere += page;
	CHECK(mprotect(s->nowhere, page, PROT_NONE) == 0);
	s->q.fd = -1;
	for (;;) {
		if (s->q.fd < 0)
			reopen(s);
		chosen = choose(s);
		act(s, chosen);
		__atomic_fetch_add(&s->stress->done[chosen], 1, __ATOMIC_RELAXED);
	}
}

static pid_t start(FIXTURE_DATA(stress) *self, unsigned int *seed)
{
	struct stressor s = { .stress = self };
	struct sigaction action = {
		.sa_handler = nothing,
		.sa_flags = rand_r(seed) % 2 ? SA_RESTART : 0,
	};

	/* For the child, which must not be without for a moment. */
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	s.seed = rand_r(seed);
	s.name = self->names[rand_r(seed) % QUEUES];
	return child_start(stress, &s);
}

TEST_F_TIMEOUT(stress, and_kill, 100000)
{
	unsigned int seed = self->seed, i, nudged = 0, killed = 0;
	uint32_t queues = nl_totals().queues;
	uint64_t end = now_ns() + self->ns;
	unsigned long sum, last = 0;
	pid_t pids[PROCESSES];
	int status;

	for (i = 0; i < PROCESSES; i++)
		pids[i] = start(self, &seed);
	while (now_ns() < end) {
		/* Those who block are nudged, until enough has happened to kill one. */
		for (sum = 0, i = 0; i < ACTIONS; i++)
			sum += __atomic_load_n(&self->done[i], __ATOMIC_RELAXED);
		i = rand_r(&seed) % PROCESSES;
		if (sum - last < 100 && nudged++ < 1000) {
			kill(pids[i], SIGUSR1);
			sched_yield();
			continue;
		}
		last = sum;
		nudged = 0;
		kill(pids[i], SIGKILL);
		status = child_end(pids[i]);
		ASSERT_EQ(-SIGKILL, status);
		killed++;
		pids[i] = start(self, &seed);
	}
	for (i = 0; i < PROCESSES; i++) {
		kill(pids[i], SIGKILL);
		EXPECT_EQ(-SIGKILL, child_end(pids[i]));
	}
	for (sum = 0, i = 0; i < ACTIONS; i++)
		sum += self->done[i];
	TH_LOG("%lu actions, %u kills", sum, killed);
	EXPECT_GT(killed, 0);
	for (i = 0; i < QUEUES; i++)
		queue_destroy(self->names[i]);
	EXPECT_EQ(queues, nl_totals().queues);
}

TEST_HARNESS_MAIN
