// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include <linux/ipcq.h>

#include "../../selftests/nl.h"
#include "case.h"
#include "check.h"
#include "runner.h"

#define PARAMETERS	"/sys/module/ipcq/parameters/"
#define KMSG_LINE	8192
#define REST_SECONDS	10	/* until what comes later has come */

/* So little for each worker that a case comes to the limits of its user. */
static struct {
	const char *name;
	unsigned int value;
	char old[32];
} limits[] = {
	{ .name = "user_queues", .value = 12 },
	{ .name = "user_bytes", .value = 200000 },
};

#define LIMITS	(sizeof(limits) / sizeof(*limits))

/* Words of a line of the kernel's log that tells of a fault; the runner looks closer. */
static const char *const faults[] = {
	"BUG", "WARNING", "INFO: ", "UBSAN", "KASAN", "possible recursive", "bad unlock",
	"held lock", "blocked for more than", "refcount_t", "corruption",
};

static int kmsg = -1;
static unsigned int queues;	/* that were there before */

static int parameter(const char *name, char *old, size_t size, const char *value)
{
	char path[100];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (old) {
		n = read(fd, old, size - 1);
		old[n < 0 ? 0 : n] = '\0';
	}
	if (n >= 0)
		n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? -errno : 0;
}

void check_end(void)
{
	unsigned int i;

	for (i = 0; i < LIMITS; i++)
		parameter(limits[i].name, NULL, 0, limits[i].old);
}

/* Do the books of the queues balance that the case has open?  Returns 0 if so. */
int check_slots(void)
{
	uint32_t seen[CASE_SLOTS];
	unsigned int i, k, n = 0;
	struct ipcq_attr attr;
	int wrong = 0, err;

	for (i = 0; i < CASE_SLOTS; i++) {
		int fd = runner_slot(i);

		if (fd < 0 || ioctl(fd, IPCQ_IOC_GET_ATTR, &attr))
			continue;
		for (k = 0; k < n && seen[k] != attr.id; k++)
			;
		if (k < n)
			continue;
		seen[n++] = attr.id;
		err = nl_books(attr.id);
		/* One that was destroyed is not found any more. */
		if (err && err != -ENOENT) {
			printf("# the books of queue %u: %d\n", attr.id, err);
			wrong = 1;
		}
	}
	return wrong;
}

static int create_default(void)
{
	struct ipcq_create create = { .name = "default", .open_flags = O_RDWR | O_CLOEXEC };
	int control, fd;

	control = open("/dev/ipcq/control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -1;
	fd = ioctl(control, IPCQ_IOC_CREATE, &create);
	close(control);
	return fd;
}

/* The default queue belongs to no case, but any may destroy it: make it what it was. */
static int restore_default(void)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_FLAGS | IPCQ_ATTR_ORDER | IPCQ_ATTR_MAX_MSGS |
			IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_HIGH_PCT |
			IPCQ_ATTR_LOW_PCT,
		.max_msgs = 1024,
		.max_bytes = 1 << 20,
		.max_msg_size = 64 << 10,
		.high_pct = 80,
		.low_pct = 50,
	};
	struct ipcq_shutdown shutdown = { .how = 0 };
	struct ipcq_purge purge;
	int fd, err;

	fd = open("/dev/ipcq/default", O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = create_default();
	if (fd < 0)
		return -errno;
	err = ioctl(fd, IPCQ_IOC_SHUTDOWN, &shutdown) || ioctl(fd, IPCQ_IOC_PURGE, &purge) ||
	      ioctl(fd, IPCQ_IOC_SET_ATTR, &attr) ? -errno : 0;
	close(fd);
	return err;
}

/* Returns 0 or a negative errno. */
int check_init(unsigned int workers)
{
	struct nl_totals totals;
	char value[32];
	unsigned int i;
	int err;

	err = nl_keep_family();
	if (err)
		return err;
	/* Who was here before may have left it in any state. */
	err = restore_default();
	if (err)
		return err;
	totals = nl_totals();
	queues = totals.queues;
	for (i = 0; !totals.err && i < LIMITS; i++) {
		sprintf(value, "%u", limits[i].value * workers);
		totals.err = parameter(limits[i].name, limits[i].old, sizeof(limits[i].old),
				       value);
	}
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
	return totals.err;
}

/* Say which queues with names there are; their numbers are minors, and small. */
static void show_queues(void)
{
	struct nl_queue q;
	uint32_t id;

	for (id = 0; id < 256; id++) {
		q = nl_queue(id);
		if (!q.err)
			printf("# queue %u '%s': flags %#x, depth %u, %u senders, %u receivers\n",
			       id, q.name, q.flags, q.depth, q.senders, q.receivers);
	}
}

/*
 * While no case runs: is nothing left of those that did, and do all books balance?  What
 * closing a socket of netlink gives back comes a little later.  Returns 0 if so.
 */
int check_rest(void)
{
	struct nl_totals totals;
	time_t begun = time(NULL);
	int err;

	err = restore_default();
	do {
		totals = nl_totals();
		if (!totals.err && totals.queues == queues && !totals.depth)
			break;
		/* What was closed goes when the kernel gets to it, and nothing tells. */
		usleep(10000);
	} while (time(NULL) - begun < REST_SECONDS);
	if (totals.err || err)
		printf("# totals: error %d, default queue: error %d\n", totals.err, err);
	if (totals.queues != queues || totals.depth) {
		printf("# %u queues where there were %u, with %llu messages\n", totals.queues,
		       queues, (unsigned long long)totals.depth);
		show_queues();
	}
	if (nl_books_of_totals())
		err = 1;
	return err || totals.err || totals.queues != queues || totals.depth;
}

/* Has the kernel complained?  Returns 0 if not; else shows how it began. */
int check_log(void)
{
	char line[KMSG_LINE];
	unsigned int i;
	ssize_t n;

	while (kmsg >= 0 && (n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
			if (strstr(line, faults[i])) {
				printf("# the kernel says: %s", line);
				return 1;
			}
		}
	}
	return 0;
}
