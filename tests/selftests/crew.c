// SPDX-License-Identifier: GPL-2.0-only
/* Those who make a storm: what each does until it is told to end, or killed. */
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "crew.h"
#include "kselftest.h"

static unsigned int below(struct worker *w, unsigned int end)
{
	return rand_r(&w->seed) % end;
}

static bool is_over(struct storm *storm)
{
	return atomic_load(&storm->phase) == PHASE_END;
}

/* Let others go on for a moment. */
static void rest(struct worker *w)
{
	nanosleep(&(struct timespec) { .tv_nsec = below(w, 2 * MS) }, NULL);
}

/* What any call may say when everything happens at once. */
static bool is_usual(int err)
{
	static const int usual[] = {
		0, EAGAIN, ETIMEDOUT, EINTR, EMSGSIZE, EPIPE, EFAULT, ENOMEM, EDQUOT, EBUSY,
		EEXIST, ENOENT, ENXIO, EINVAL,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(usual); i++)
		if (err == usual[i])
			return true;
	return false;
}

/* Count how a call ended. */
static void ended(struct storm *storm, struct worker *w, _Atomic unsigned long *results,
		  long result)
{
	int err = result < 0 ? -result : 0;

	atomic_fetch_add(&w->calls, 1);
	atomic_fetch_add(&results[err < ERRNO_MAX ? err : ERRNO_MAX - 1], 1);
	if (!is_usual(err))
		ledger_wrong(&storm->ledger, "%s: %s", w->post->name, strerror(err));
}

/* A time limit that is soon, of any kind. */
static void be_patient(struct worker *w, uint32_t *flags, __s64 *timeout_ns)
{
	*flags |= IPCQ_MSG_TIMEOUT;
	*timeout_ns = below(w, 4 * MS);
	if (below(w, 2)) {
		*flags |= IPCQ_MSG_ABSTIME;
		*timeout_ns += now_ns();
		if (below(w, 2)) {
			*flags |= IPCQ_MSG_REALTIME;
			*timeout_ns += realtime_ns() - now_ns();
		}
	}
}

/* Mostly nothing, or a time limit, or not to wait at all. */
static void choose_patience(struct worker *w, uint32_t *flags, __s64 *timeout_ns)
{
	switch (below(w, 8)) {
	case 0:
		*flags |= IPCQ_MSG_NONBLOCK;
		break;
	case 1:
	case 2:
		be_patient(w, flags, timeout_ns);
		break;
	}
}

/* Sending. */

static long send_batch(struct worker *w, int fd, struct parcel **parcels, unsigned int n)
{
	/* Of this process alone. */
	static _Alignas(IPCQ_RECORD_ALIGN) unsigned char
		room[INBOX_MAX * IPCQ_RECORD_SPACE(PARCEL_MAX)];
	struct ipcq_batch batch = {
		.records = (uintptr_t)room,
		.flags = IPCQ_MSG_NOSIGNAL,
	};
	struct ipcq_record *record;

	for (unsigned int i = 0; i < n; i++) {
		record = (struct ipcq_record *)(room + batch.size);
		*record = (struct ipcq_record) {
			.size = parcels[i]->size,
			.prio = below(w, 4),
		};
		memcpy(record + 1, parcels[i], parcels[i]->size);
		batch.size += IPCQ_RECORD_SPACE(parcels[i]->size);
	}
	choose_patience(w, &batch.flags, &batch.timeout_ns);
	return RESULT(ioctl(fd, IPCQ_IOC_SEND_BATCH, &batch));
}

/* How many were sent, or a negative errno. */
static long send_one(struct worker *w, int fd, const struct parcel *p)
{
	struct ipcq_msg msg = MSG(p, p->size, .prio = below(w, 4),
				  .flags = IPCQ_MSG_NOSIGNAL);
	uint32_t there;
	long result;

	switch (below(w, 8)) {
	case 0:
		/* Its end is not there. */
		there = below(w, p->size);
		memcpy(w->inbox.wall - there, p, there);
		result = RESULT(write(fd, w->inbox.wall - there, p->size));
		break;
	case 1:
	case 2:
	case 3:
		result = RESULT(write(fd, p, p->size));
		break;
	default:
		choose_patience(w, &msg.flags, &msg.timeout_ns);
		result = msg_send(fd, &msg);
		return result < 0 ? result : 1;
	}
	return result < 0 ? result : 1;
}

static void send_some(struct storm *storm, struct worker *w, int fd)
{
	static unsigned char room[INBOX_MAX][PARCEL_MAX] __attribute__((aligned(8)));
	unsigned int i, made, n = below(w, 4) ? 1 : INBOX_MAX;
	struct parcel *parcels[INBOX_MAX];
	uint32_t size;
	long sent;

	for (made = 0; made < n; made++) {
		size = sizeof(struct parcel) +
		       below(w, below(w, 8) ? 64 : PARCEL_MAX - sizeof(struct parcel));
		parcels[made] = (struct parcel *)room[made];
		if (!parcel_make(&storm->ledger, parcels[made], size, w->post->channel,
				 w->place, ++w->sent))
			break;
	}
	if (!made) {
		rest(w);
		return;
	}
	sent = made == 1 ? send_one(w, fd, parcels[0]) : send_batch(w, fd, parcels, made);
	for (i = 0; i < made; i++)
		parcel_sent(&storm->ledger, parcels[i], (long)i < sent);
	ended(storm, w, storm->sends, sent);
	if (sent == -EPIPE || sent == -ENOMEM)
		rest(w);
}

/* Receiving. */

static long receive_batch(struct worker *w, int fd, bool nonblock)
{
	struct inbox *in = &w->inbox;
	struct ipcq_batch batch = {
		.records = (uintptr_t)in->room,
		.size = sizeof(in->room),
		.count = INBOX_MAX,
		.flags = nonblock ? IPCQ_MSG_NONBLOCK : 0,
	};

	if (!nonblock)
		choose_patience(w, &batch.flags, &batch.timeout_ns);
	return RESULT(ioctl(fd, IPCQ_IOC_RECV_BATCH, &batch));
}

static long receive_one(struct worker *w, int fd, bool nonblock)
{
	struct inbox *in = &w->inbox;
	struct ipcq_msg *msg = &in->msg;
	long result;

	*msg = MSG(in->parcel, below(w, 16) ? PARCEL_MAX : below(w, PARCEL_MAX));
	if (!nonblock && below(w, 2)) {
		result = RESULT(read(fd, in->parcel, msg->size));
		msg->size = result;
		return result > 0 ? 1 : result < 0 ? result : -EPIPE;
	}
	if (nonblock)
		msg->flags = IPCQ_MSG_NONBLOCK;
	else
		choose_patience(w, &msg->flags, &msg->timeout_ns);
	result = msg_recv(fd, msg);
	return result < 0 ? result : 1;
}

/* How many were received, or a negative errno: EPIPE at end of file. */
static long receive_some(struct storm *storm, struct worker *w, int fd, bool nonblock)
{
	struct ledger *l = &storm->ledger;
	struct inbox *in = &w->inbox;
	unsigned int choice = below(w, 8);
	long n;

	if (choice < 2) {
		inbox_begin_batch(l, in);
		n = receive_batch(w, fd, nonblock);
		if (n > 0)
			inbox_received_batch(l, in, n);
	} else {
		/* Of memory that ends somewhere, or is large enough. */
		inbox_begin(l, in, choice == 2 ? 8 * (1 + below(w, 512)) : 0);
		n = receive_one(w, fd, nonblock);
		if (n > 0)
			inbox_received(l, in, in->msg.size);
	}
	ended(storm, w, storm->recvs, n);
	return n;
}

/* Receive what waits.  Returns how much that was. */
unsigned int drain_into_ledger(struct storm *storm, struct inbox *in, int fd)
{
	struct ipcq_msg *msg = &in->msg;
	unsigned int n;

	for (n = 0;; n++) {
		inbox_begin(&storm->ledger, in, 0);
		*msg = MSG(in->parcel, PARCEL_MAX, .flags = IPCQ_MSG_NONBLOCK);
		if (msg_recv(fd, msg))
			return n;
		inbox_received(&storm->ledger, in, msg->size);
	}
}

/* On the channels that lose nothing. */

static struct queue *queue_of(struct storm *storm, struct worker *w)
{
	return &storm->queues[w->post->channel];
}

static int send_steadily(struct storm *storm, struct worker *w)
{
	int fd = queue_open(queue_of(storm, w), O_WRONLY);

	CHECK(fd >= 0);
	while (!is_over(storm))
		send_some(storm, w, fd);
	return 0;
}

static int send_when_there_is_room(struct storm *storm, struct worker *w)
{
	struct pollfd pfd = {
		.fd = queue_open(queue_of(storm, w), O_WRONLY | O_NONBLOCK),
		.events = POLLOUT,
	};

	CHECK(pfd.fd >= 0);
	while (!is_over(storm)) {
		/* As long as it takes: who is not told of room stays here. */
		if (poll(&pfd, 1, -1) > 0)
			send_some(storm, w, pfd.fd);
	}
	return 0;
}

/* Not before it is said to be over is the end of file one. */
static bool is_at_end(struct storm *storm, struct worker *w, long received)
{
	if (received != -EPIPE)
		return false;
	if (is_over(storm))
		return true;
	rest(w);
	return false;
}

static int receive_steadily(struct storm *storm, struct worker *w)
{
	int fd = queue_open(queue_of(storm, w), O_RDONLY);

	CHECK(fd >= 0);
	while (!is_at_end(storm, w, receive_some(storm, w, fd, false)))
		;
	return 0;
}

/* As long as it takes: who is not told of a message stays there. */
static int await_message(struct worker *w, int fd, int epoll)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct epoll_event event;
	fd_set set;

	switch (below(w, 3)) {
	case 0:
		return poll(&pfd, 1, -1);
	case 1:
		return epoll_wait(epoll, &event, 1, -1);
	default:
		FD_ZERO(&set);
		FD_SET(fd, &set);
		return select(fd + 1, &set, NULL, NULL, NULL);
	}
}

static int receive_when_there_is_one(struct storm *storm, struct worker *w)
{
	int fd = queue_open(queue_of(storm, w), O_RDONLY | O_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	CHECK(fd >= 0 && epoll >= 0);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	for (;;) {
		if (await_message(w, fd, epoll) > 0 &&
		    is_at_end(storm, w, receive_some(storm, w, fd, true)))
			return 0;
	}
}

/* Change all that may change without a loss, and the order where nobody minds it. */
static int reconfigure(struct storm *storm, struct worker *w)
{
	int fds[LOOSE], i;

	for (i = 0; i < LOOSE; i++) {
		fds[i] = queue_open(&storm->queues[i], O_RDWR);
		CHECK(fds[i] >= 0);
	}
	while (!is_over(storm)) {
		struct ipcq_attr attr = {
			.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES |
				IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_FLAGS |
				IPCQ_ATTR_HIGH_PCT | IPCQ_ATTR_LOW_PCT,
			.max_msgs = 1 + below(w, 16),
			.max_bytes = PARCEL_MAX + below(w, 4 * PARCEL_MAX),
			.max_msg_size = sizeof(struct parcel) + below(w, PARCEL_MAX),
			.flags = below(w, 2) ? IPCQ_F_HANGUP : 0,
			.high_pct = 50 + below(w, 50),
			.low_pct = below(w, 50),
		};

		i = below(w, LOOSE);
		if (below(w, 4)) {
			ended(storm, w, storm->others, attr_set(fds[i], &attr));
		} else {
			shut(fds[i], 1 + below(w, 3));
			shut(fds[i], 0);
		}
		if (i == CROWD)
			set_order(fds[i], below(w, 2));
		rest(w);
	}
	return 0;
}

/* Look at everything, and see that it fits together. */
static int look(struct storm *storm, struct worker *w)
{
	while (!is_over(storm)) {
		const struct queue *q = &storm->queues[below(w, LOOSE)];
		struct nl_queue nl = nl_queue(q->id);

		if (nl.depth && nl.blocked_receivers)
			ledger_wrong(&storm->ledger, "%u messages wait, and %u receivers",
				     nl.depth, nl.blocked_receivers);
		if (nl_books(q->id) > 0 || nl_books_of_totals() > 0)
			ledger_wrong(&storm->ledger, "the books do not balance");
		nl_dump_queues();
		nl_dump_openers(q->id);
		nl_reset(q->id, IPCQ_RESET_PEAK);
		atomic_fetch_add(&w->calls, 1);
		rest(w);
	}
	return 0;
}

/* Listen to events; sometimes too slowly. */
static int listen_to_events(struct storm *storm, struct worker *w)
{
	struct pollfd pfd = { .events = POLLIN };

	while ((pfd.fd = nl_listen()) < 0 && !is_over(storm))
		rest(w);
	while (!is_over(storm)) {
		if (!below(w, 64))
			rest(w);
		poll(&pfd, 1, 10);
		while (nl_event(pfd.fd) >= 0)
			atomic_fetch_add(&storm->events, 1);
		atomic_fetch_add(&w->calls, 1);
	}
	return 0;
}

/* Come and go, on all queues; ask to be told of messages. */
static int open_and_close(struct storm *storm, struct worker *w)
{
	const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
	int fds[8] = { -1, -1, -1, -1, -1, -1, -1, -1 }, *fd;
	struct ipcq_notify notify = {};
	struct queue q;

	while (!is_over(storm)) {
		fd = &fds[below(w, ARRAY_SIZE(fds))];
		if (*fd >= 0)
			close(*fd);
		q = storm->queues[below(w, LOOSE)];
		if (below(w, 2))
			strcpy(q.name, storm->loose[below(w, LOOSE_QUEUES)]);
		*fd = queue_open(&q, flags[below(w, 3)]);
		if (*fd >= 0 && !below(w, 2)) {
			notify.how = below(w, 3) ? IPCQ_NOTIFY_SIGNAL : IPCQ_NOTIFY_OFF;
			notify.signo = notify.how ? SIGUSR1 : 0;
			ioctl(*fd, IPCQ_IOC_NOTIFY, &notify);
			fcntl(*fd, F_SETOWN, getpid());
			fcntl(*fd, F_SETFL, O_ASYNC);
		}
		if (*fd >= 0 && !below(w, 4)) {
			int end = queue_open_end(*fd, flags[below(w, 3)]);

			if (end >= 0) {
				close(*fd);
				*fd = end;
			}
		}
		atomic_fetch_add(&w->calls, 1);
		if (!below(w, 8))
			rest(w);
	}
	return 0;
}

/* Take processors away, and bring them back. */
static int take_processors(struct storm *storm, struct worker *w)
{
	unsigned int cpu, found;

	while (!is_over(storm)) {
		for (cpu = 1, found = 0; cpu < 8; cpu++) {
			if (!processor_can_go(cpu))
				continue;
			found++;
			if (processor_set(cpu, false))
				continue;
			rest(w);
			if (processor_set(cpu, true))
				ledger_wrong(&storm->ledger, "processor %u is gone", cpu);
			atomic_fetch_add(&storm->processors, 1);
		}
		/* Most of the time they are all there. */
		nanosleep(&(struct timespec) {
			.tv_nsec = found ? below(w, 400 * MS) : 10 * MS }, NULL);
	}
	return 0;
}

/* Queues that come and go. */

/* Open a queue or, if it is not there, make it.  Others do the same. */
static int open_or_make(struct worker *w, const char *name, int flags)
{
	struct ipcq_create create = {
		.open_flags = flags,
		.attr = {
			.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_FLAGS | IPCQ_ATTR_ORDER,
			.max_msgs = 1 + below(w, 32),
			.order = below(w, 2),
			.flags = below(w, 4),
		},
	};
	struct queue q = {};
	int fd;

	strcpy(q.name, name);
	fd = queue_open(&q, flags);
	if (fd >= 0)
		return fd;
	strcpy(create.name, name);
	return queue_create(&create);
}

static int send_and_receive(struct storm *storm, struct worker *w)
{
	int fd = -1;

	while (!is_over(storm)) {
		if (fd < 0 || !below(w, 32)) {
			if (fd >= 0)
				close(fd);
			fd = open_or_make(w, storm->loose[below(w, LOOSE_QUEUES)], O_RDWR);
			ended(storm, w, storm->others, fd < 0 ? fd : 0);
		} else if (below(w, 2)) {
			send_some(storm, w, fd);
		} else {
			receive_some(storm, w, fd, false);
		}
	}
	return 0;
}

/* All that is the owner's to do, and all that loses messages. */
static int meddle(struct storm *storm, struct worker *w)
{
	while (!is_over(storm)) {
		const char *name = storm->loose[below(w, LOOSE_QUEUES)];
		struct ipcq_attr attr = {};
		int fd = open_or_make(w, name, O_RDWR);

		rest(w);
		atomic_fetch_add(&w->calls, 1);
		if (fd < 0)
			continue;
		attr_get(fd, &attr);
		switch (below(w, 8)) {
		case 0:
			purge(fd);
			break;
		case 1:
			queue_destroy(name);
			break;
		case 2:
			shut(fd, 1 + below(w, 3));
			break;
		case 3:
			shut(fd, 0);
			break;
		case 4:
			set_order(fd, below(w, 2));
			break;
		case 5:
			set_max_msgs(fd, 1 + below(w, 16));
			break;
		case 6:
			set_flags(fd, below(w, 4));
			break;
		case 7:
			nl_reset(attr.id, IPCQ_RESET_PEAK | IPCQ_RESET_COUNTERS);
			break;
		}
		if (nl_books(attr.id) > 0)
			ledger_wrong(&storm->ledger, "the books of %s do not balance", name);
		close(fd);
	}
	return 0;
}

/* Make queues, with and without a name, and let them go with what is in them. */
static int make_and_destroy(struct storm *storm, struct worker *w)
{
	struct ipcq_create create = {
		.open_flags = O_RDWR | O_NONBLOCK,
		.attr = { .mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_FLAGS },
	};
	bool named;
	int fd;

	while (!is_over(storm)) {
		named = below(w, 2);
		create.name[0] = '\0';
		if (named)
			snprintf(create.name, sizeof(create.name), "%s%u", storm->prefix,
				 w->place);
		create.attr.mask = IPCQ_ATTR_MAX_MSGS | (named ? IPCQ_ATTR_FLAGS : 0);
		create.attr.flags = below(w, 4);
		create.attr.max_msgs = 4;
		fd = queue_create(&create);
		ended(storm, w, storm->others, fd < 0 ? fd : 0);
		if (fd >= 0) {
			send_some(storm, w, fd);
			if (below(w, 2))
				receive_some(storm, w, fd, true);
			close(fd);
		}
		/* It may be one that somebody has left who was killed. */
		if (named && below(w, 4))
			queue_destroy(create.name);
	}
	return 0;
}

const struct post posts[] = {
	{ "line: send", send_steadily, PART_SEND, LINE, 2, false, false },
	{ "line: send, poor", send_steadily, PART_SEND, LINE, 1, true, false },
	{ "line: receive", receive_steadily, PART_RECEIVE, LINE, 1, false, false },
	{ "crowd: send", send_steadily, PART_SEND, CROWD, 2, false, false },
	{ "crowd: send, poor", send_steadily, PART_SEND, CROWD, 1, true, false },
	{ "crowd: receive", receive_steadily, PART_RECEIVE, CROWD, 2, false, false },
	{ "crowd: receive, poor", receive_steadily, PART_RECEIVE, CROWD, 1, true, false },
	{ "polled: send", send_steadily, PART_SEND, POLLED, 1, false, false },
	{ "polled: poll and send", send_when_there_is_room, PART_SEND, POLLED, 1, false, false },
	{ "polled: receive", receive_when_there_is_one, PART_RECEIVE, POLLED, 3, false, false },
	{ "loose", send_and_receive, PART_LOOSE, LOOSE, 4, false, false },
	{ "loose, poor", send_and_receive, PART_LOOSE, LOOSE, 2, true, false },
	{ "meddle", meddle, PART_TROUBLE, LOOSE, 1, false, false },
	{ "make and destroy", make_and_destroy, PART_LOOSE, LOOSE, 1, false, false },
	{ "reconfigure", reconfigure, PART_TROUBLE, LOOSE, 1, false, false },
	{ "open and close", open_and_close, PART_TROUBLE, LOOSE, 1, false, false },
	{ "look", look, PART_TROUBLE, LOOSE, 1, false, false },
	{ "listen", listen_to_events, PART_TROUBLE, LOOSE, 1, false, false },
	{ "processors", take_processors, PART_TROUBLE, LOOSE, 1, false, true },
};

const unsigned int nr_posts = ARRAY_SIZE(posts);

static void nothing(int sig)
{
	(void)sig;
}

struct start {
	struct storm *storm;
	struct worker *w;
};

static int run(void *arg)
{
	struct storm *storm = ((struct start *)arg)->storm;
	struct worker *w = ((struct start *)arg)->w;
	struct sigaction action = {
		.sa_handler = nothing,
		/* Those who may block for ever must notice a signal. */
		.sa_flags = w->post->part != PART_LOOSE && below(w, 2) ? SA_RESTART : 0,
	};

	setpriority(PRIO_PROCESS, 0, 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(sigaction(SIGIO, &action, NULL) == 0);
	CHECK(mprotect(w->inbox.wall, sizeof(w->inbox.wall), PROT_NONE) == 0);
	if (w->post->poor)
		memory_group_join(&storm->group);
	return w->post->work(storm, w);
}

/* Start the process of a worker.  Its signals are handled from its first moment on. */
void worker_start(struct storm *storm, struct worker *w, unsigned int seed)
{
	struct sigaction action = { .sa_handler = nothing };
	struct start start = { storm, w };

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGIO, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	w->seed = seed;
	w->stopped = false;
	w->pid = child_start(run, &start);
}
