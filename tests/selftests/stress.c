// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm: everything at once, on a machine that is short of memory and loses processors,
 * by processes that are stopped, interrupted and killed at any moment.  It comes in
 * rounds, for IPCQ_STRESS_SECONDS in all.  After each, every message has been received
 * once, or is counted among those that were not; the books balance; whoever waited for
 * something that came has been woken; nobody and nothing is left.
 *
 * IPCQ_STRESS_SEED chooses another sequence of events.
 */
#include <dirent.h>
#include <signal.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "crew.h"
#include "module.h"
#include "kselftest_harness.h"

#define SECONDS		20
#define ROUND		(4 * SECOND)

/* Of the memory of a cgroup, what the kernel may keep back for later. */
#define ABOUT_NOTHING	(1ull << 20)

FIXTURE(storm) {
	struct storm *storm;
	unsigned int seed;
	uint64_t ns;
	unsigned int killed;
	unsigned int starved;
	unsigned int stopped;
	unsigned int interrupted;
	unsigned int unloads;
	unsigned int rounds;
	unsigned int wrong;
	uint64_t received;
	uint64_t purged;
	uint64_t dropped;
	uint64_t unknown;
};

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static unsigned int below(FIXTURE_DATA(storm) *self, unsigned int end)
{
	return rand_r(&self->seed) % end;
}

FIXTURE_SETUP(storm)
{
	struct storm *storm;
	unsigned int i, j;

	self->seed = from_environment("IPCQ_STRESS_SEED", 1);
	self->ns = from_environment("IPCQ_STRESS_SECONDS", SECONDS) * SECOND;
	TH_LOG("%llu seconds, seed %u", (unsigned long long)(self->ns / SECOND), self->seed);
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, storm);
	self->storm = storm;
	/* All of it is this process's to pay for. */
	memset(storm, 0, sizeof(*storm));
	for (i = 0; i < nr_posts; i++)
		for (j = 0; j < posts[i].number; j++) {
			storm->workers[storm->nr_workers].post = &posts[i];
			storm->workers[storm->nr_workers].place = storm->nr_workers;
			storm->nr_workers++;
		}
	ASSERT_EQ(0, nl_keep_family());
	/* Enough of the processors to make trouble. */
	setpriority(PRIO_PROCESS, 0, -10);
	snprintf(storm->prefix, sizeof(storm->prefix), "storm-%d-", getpid());
	for (i = 0; i < LOOSE_QUEUES; i++)
		snprintf(storm->loose[i], sizeof(storm->loose[i]), "%sloose-%u",
			 storm->prefix, i);
	if (memory_group_make(&storm->group))
		TH_LOG("no memory cgroup: nobody will be short of memory");
	if (!processor_can_go(1))
		TH_LOG("no processor can be taken away");
}

static void destroy_all(struct storm *storm);

FIXTURE_TEARDOWN(storm)
{
	for (unsigned int i = 0; i < LOOSE; i++)
		queue_destroy(self->storm->queues[i].name);
	destroy_all(self->storm);
	memory_group_end(&self->storm->group);
	EXPECT_EQ(0, nl_books_of_totals());
}

/* Queues. */

/* Do something with each queue that comes and goes: @fn gets its name. */
static void for_each_queue(struct storm *storm, void (*fn)(struct storm *, const char *))
{
	DIR *dir = opendir("/dev/ipcq");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, storm->prefix, strlen(storm->prefix)))
			fn(storm, entry->d_name);
	if (dir)
		closedir(dir);
}

static void destroy_one(struct storm *storm, const char *name)
{
	(void)storm;
	queue_destroy(name);
}

static void destroy_all(struct storm *storm)
{
	for_each_queue(storm, destroy_one);
}

/* What is left in a queue that came and went is received here. */
static void drain_one(struct storm *storm, const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/dev/ipcq/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	shut(fd, 0);
	drain_into_ledger(storm, &storm->workers[0].inbox, fd);
	close(fd);
}

/* Processes. */

/* End those who have ended, and see what they have received. */
static struct worker *reap(struct storm *storm, int flags)
{
	struct worker *w;
	int status;
	pid_t pid;

	pid = waitpid(-1, &status, flags);
	if (pid <= 0)
		return NULL;
	for (w = storm->workers; w < storm->workers + storm->nr_workers; w++) {
		if (w->pid != pid)
			continue;
		w->pid = 0;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			inbox_audit(&storm->ledger, &w->inbox);
		else if (status)
			ledger_wrong(&storm->ledger, "%s: ended with status 0x%x",
				     w->post->name, status);
		return w;
	}
	return NULL;
}

static void let_go_on(struct worker *w)
{
	if (w->stopped && w->pid)
		kill(w->pid, SIGCONT);
	w->stopped = false;
}

static bool is_left(struct storm *storm, enum part part)
{
	for (unsigned int i = 0; i < storm->nr_workers; i++)
		if (storm->workers[i].pid && storm->workers[i].post->part == part)
			return true;
	return false;
}

/*
 * Wait until those who have a part have ended by themselves.  Those who may block for
 * ever are woken by signals; of the others that would hide that nobody has woken them.
 */
static void await_part(struct storm *storm, enum part part)
{
	uint64_t end = now_ns() + 30 * SECOND * time_factor();
	struct worker *w;

	while (is_left(storm, part) && now_ns() < end) {
		if (reap(storm, WNOHANG))
			continue;
		for (w = storm->workers; w < storm->workers + storm->nr_workers; w++)
			if (part == PART_LOOSE && w->pid && w->post->part == part)
				kill(w->pid, SIGUSR1);
		nanosleep(&(struct timespec) { .tv_nsec = 2 * MS }, NULL);
	}
	for (w = storm->workers; w < storm->workers + storm->nr_workers; w++) {
		if (!w->pid || w->post->part != part)
			continue;
		ledger_wrong(&storm->ledger, "%s (%lu calls): nobody has woken it",
			     w->post->name, w->calls);
		kill(w->pid, SIGKILL);
		while (w->pid)
			reap(storm, 0);
	}
}

/*
 * Kill somebody, and have another take over: at once, or nobody might when the storm ends
 * just then, and a queue with one receiver would have none.
 */
static void replace(FIXTURE_DATA(storm) *self, struct worker *w)
{
	const pid_t pid = w->pid;
	struct worker *ended;

	kill(pid, SIGKILL);
	while (w->pid == pid) {
		ended = reap(self->storm, 0);
		if (ended)
			worker_start(self->storm, ended, rand_r(&self->seed));
	}
	self->killed++;
}

/* One thing that happens to somebody. */
static void happen(FIXTURE_DATA(storm) *self)
{
	struct storm *storm = self->storm;
	struct worker *w = &storm->workers[below(self, storm->nr_workers)];
	uint64_t charged;

	if (w->spared || !w->pid)
		return;
	switch (below(self, 16)) {
	case 0:
	case 1:
	case 2:
		replace(self, w);
		break;
	case 3:
	case 4:
		if (!w->stopped)
			self->stopped += !kill(w->pid, SIGSTOP);
		w->stopped = true;
		break;
	case 5:
		/* Often less than they have. */
		charged = memory_group_charged(&storm->group);
		memory_group_limit(&storm->group, charged / 100 * (50 + below(self, 100)));
		break;
	case 6:
	case 7:
		/* Somebody has it open: this process. */
		if (unload() == 0)
			ledger_wrong(&storm->ledger, "the module went away");
		self->unloads++;
		break;
	default:
		kill(w->pid, SIGUSR1);
		self->interrupted++;
		break;
	}
	let_go_on(&storm->workers[below(self, storm->nr_workers)]);
}

static void rage(FIXTURE_DATA(storm) *self, uint64_t ns)
{
	struct storm *storm = self->storm;
	uint64_t end = now_ns() + ns;
	struct worker *w;

	for (w = storm->workers; w < storm->workers + storm->nr_workers; w++) {
		w->spared = w->post->vital || below(self, 2);
		worker_start(storm, w, rand_r(&self->seed));
	}
	while (now_ns() < end && !ledger_is_full(&storm->ledger)) {
		happen(self);
		while ((w = reap(storm, WNOHANG)))
			worker_start(storm, w, rand_r(&self->seed));
		nanosleep(&(struct timespec) { .tv_nsec = below(self, 4 * MS) }, NULL);
	}
}

/*
 * Who shuts a queue may be killed before it opens it again.  If none was, nothing is done:
 * it would wake those who poll.
 */
static void open_again(int fd)
{
	struct ipcq_attr attr = {};

	if (!attr_get(fd, &attr) && attr.flags & (IPCQ_F_SHUT_SEND | IPCQ_F_SHUT_RECV))
		shut(fd, 0);
}

/* Let the storm end, so that each has a chance to. */
static void calm_down(struct storm *storm)
{
	unsigned int i;

	atomic_store(&storm->phase, PHASE_END);
	memory_group_limit(&storm->group, UINT64_MAX / 2);
	for (i = 0; i < storm->nr_workers; i++)
		let_go_on(&storm->workers[i]);
	await_part(storm, PART_TROUBLE);
	for (i = 0; i < LOOSE; i++)
		open_again(storm->queues[i].fd);
	await_part(storm, PART_SEND);
	for (i = 0; i < LOOSE; i++) {
		if (!WAIT_UNTIL(nl_queue(storm->queues[i].id).depth == 0))
			ledger_wrong(&storm->ledger, "channel %u: receivers sleep on messages", i);
		shut(storm->queues[i].fd, IPCQ_SHUT_SEND);
	}
	await_part(storm, PART_RECEIVE);
	await_part(storm, PART_LOOSE);
	for_each_queue(storm, drain_one);
}

/* Accounts. */

static void compare(struct storm *storm, const char *what, uint64_t kernel, uint64_t least,
		    uint64_t most)
{
	if (kernel < least || kernel > most)
		ledger_wrong(&storm->ledger, "%s: the kernel counts %llu, the ledger %llu to %llu",
			     what, (unsigned long long)kernel, (unsigned long long)least,
			     (unsigned long long)most);
}

/* On a channel that loses nothing, the queue's own counters say the same as the ledger. */
static struct tally check_channel(struct storm *storm, enum channel channel)
{
	struct tally t = ledger_tally(&storm->ledger, channel);
	struct nl_queue nl = nl_queue(storm->queues[channel].id);
	const uint64_t *c = nl.stats.counter;

	if (t.lost)
		ledger_wrong(&storm->ledger, "channel %u: %llu accepted messages never came",
			     channel, (unsigned long long)t.lost);
	compare(storm, "received on a channel", c[IPCQ_A_COUNTERS_RECEIVED], t.received,
		t.received);
	/* All that were accepted were received: also those whose sender does not know it. */
	compare(storm, "sent on a channel", c[IPCQ_A_COUNTERS_SENT], t.received, t.received);
	compare(storm, "senders and receivers left", nl.senders + nl.receivers, 2, 2);
	compare(storm, "blocked", nl.blocked_senders + nl.blocked_receivers, 0, 0);
	return t;
}

/*
 * All channels and what became of all queues.  When a counter was set back between a
 * receive and its return, then the totals count the message twice as sent and twice as
 * received; there are no more of those than were given back.
 */
static void check_totals(FIXTURE_DATA(storm) *self, const struct nl_totals *before,
			 const struct tally *t)
{
	struct storm *storm = self->storm;
	struct nl_totals after = nl_totals();
	uint64_t c[IPCQ_A_COUNTERS_MAX + 1], twice, gone;

	for (int i = 0; i <= IPCQ_A_COUNTERS_MAX; i++)
		c[i] = after.stats.counter[i] - before->stats.counter[i];
	compare(storm, "received", c[IPCQ_A_COUNTERS_RECEIVED], t->received,
		t->received + c[IPCQ_A_COUNTERS_RECV_GIVEN_BACK]);
	twice = c[IPCQ_A_COUNTERS_RECEIVED] - t->received;
	gone = c[IPCQ_A_COUNTERS_PURGED] + c[IPCQ_A_COUNTERS_DROPPED_DESTROYED];
	compare(storm, "sent", c[IPCQ_A_COUNTERS_SENT] - twice,
		t->accepted + t->unknown_received, t->accepted + t->unknown);
	compare(storm, "purged and dropped", gone, t->lost,
		t->lost + t->unknown - t->unknown_received);
	compare(storm, "queues", after.queues, before->queues, before->queues);
	compare(storm, "waiting", after.depth, before->depth, before->depth);
	self->received += t->received;
	self->unknown += t->unknown;
	self->purged += c[IPCQ_A_COUNTERS_PURGED];
	self->dropped += c[IPCQ_A_COUNTERS_DROPPED_DESTROYED];
}

/* With messages that wait, and without anybody who has them open, the module stays. */
static void check_that_messages_pin(struct storm *storm)
{
	struct queue q;

	if (queue_make(&q, NULL) || send_text(q.fd, "stay")) {
		ledger_wrong(&storm->ledger, "cannot leave a message");
		return;
	}
	close(q.fd);
	if (unload() == 0) {
		ledger_wrong(&storm->ledger, "the module went away with a message");
		return;
	}
	q.fd = queue_open(&q, O_RDWR);
	if (recv_text(q.fd, "stay") || queue_end(&q))
		ledger_wrong(&storm->ledger, "a message was gone after rmmod");
}

static void one_round(FIXTURE_DATA(storm) *self, uint64_t ns)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_ORDER,
		.max_msgs = 8,
		.max_msg_size = PARCEL_MAX,
	};
	struct storm *storm = self->storm;
	struct tally sum = {}, t;
	struct nl_totals before;
	int i;

	ledger_begin(&storm->ledger, ++self->rounds);
	before = nl_totals();
	for (i = 0; i < LOOSE; i++) {
		attr.order = i == CROWD ? IPCQ_ORDER_PRIORITY : IPCQ_ORDER_FIFO;
		if (queue_make(&storm->queues[i], &attr)) {
			ledger_wrong(&storm->ledger, "cannot make a queue: %m");
			goto end;
		}
	}
	atomic_store(&storm->phase, PHASE_STORM);
	rage(self, ns);
	calm_down(storm);
	for (i = 0; i < CHANNELS; i++) {
		t = i < LOOSE ? check_channel(storm, i) : ledger_tally(&storm->ledger, i);
		sum.accepted += t.accepted;
		sum.unknown += t.unknown;
		sum.unknown_received += t.unknown_received;
		sum.received += t.received;
		sum.lost += t.lost;
	}
	for (i = 0; i < LOOSE; i++)
		if (queue_end(&storm->queues[i]))
			ledger_wrong(&storm->ledger, "channel %d does not balance", i);
	destroy_all(storm);
	check_totals(self, &before, &sum);
	check_that_messages_pin(storm);
end:
	self->wrong += storm->ledger.wrong;
}

static void show(const char *what, const _Atomic unsigned long *results)
{
	char line[512];
	int at = 0;

	for (int i = 0; i < ERRNO_MAX && at < (int)sizeof(line) - 40; i++)
		if (results[i])
			at += snprintf(line + at, sizeof(line) - at, " %s %lu",
				       i ? strerrorname_np(i) : "done", results[i]);
	fprintf(stderr, "# %s:%.*s\n", what, at, line);
}

TEST_F_TIMEOUT(storm, rages, 1000000)
{
	uint64_t end = now_ns() + self->ns, now;
	struct storm *storm = self->storm;

	while (!self->wrong && (now = now_ns()) < end)
		one_round(self, end - now < ROUND ? end - now : ROUND);
	self->starved = memory_group_killed(&storm->group);
	TH_LOG("%u rounds: %u killed, %u starved, %u stopped, %u interrupted, %u unloads refused",
	       self->rounds, self->killed, self->starved, self->stopped, self->interrupted,
	       self->unloads);
	TH_LOG("%llu messages received, %llu purged, %llu dropped, %llu whose sender was killed",
	       (unsigned long long)self->received, (unsigned long long)self->purged,
	       (unsigned long long)self->dropped, (unsigned long long)self->unknown);
	TH_LOG("%lu events heard, %lu times a processor came back", storm->events,
	       storm->processors);
	show("sends", storm->sends);
	show("receives", storm->recvs);
	show("others", storm->others);
	EXPECT_EQ(0, self->wrong);
	EXPECT_GT(self->received, 0);
	EXPECT_GT(self->killed, 0);
	if (*storm->group.path) {
		EXPECT_TRUE(WAIT_UNTIL(memory_group_charged(&storm->group) < ABOUT_NOTHING));
		TH_LOG("charged to those who were short of memory: %llu bytes",
		       (unsigned long long)memory_group_charged(&storm->group));
	}
}

TEST_HARNESS_MAIN
