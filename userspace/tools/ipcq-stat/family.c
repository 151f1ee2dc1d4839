// SPDX-License-Identifier: GPL-2.0-only
/* The netlink family, spoken through libnl. */
#include <err.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exits.h"
#include "family.h"

/* Dumps and bursts of events are large: room for some thousand queues. */
#define SOCKET_BUFFER	(4 << 20)
/* The kernel fills one datagram of a dump up to what a reader takes at once. */
#define DATAGRAM_BUFFER	(256 << 10)
/* How often a dump that changed while it was read is read again. */
#define DUMP_TRIES	5

struct family {
	struct nl_sock *sock;
	int number;
	char *error;
};

/* One request and what came of it. */
struct exchange {
	struct family *family;
	void (*each)(struct nlmsghdr *header, void *arg);
	void *arg;
	int result;
	bool finished;
	bool interrupted;
};

static void *must(void *memory)
{
	if (!memory)
		err(EXIT_FAILED, "cannot make a netlink message");
	return memory;
}

/* For kernels that give no words to an error at the start of a dump. */
static const char *explain(int error)
{
	switch (error) {
	case ENOENT:
		return "no such queue";
	case EACCES:
		return "you may not see that";
	default:
		return strerror(error);
	}
}

static int fail(struct family *family, int error, const char *reason)
{
	free(family->error);
	family->error = must(strdup(reason && *reason ? reason : explain(error)));
	return -error;
}

/* libnl folds many errno values into its own; these are the ones that occur. */
static int fail_nl(struct family *family, int nl_error)
{
	switch (-nl_error) {
	case NLE_NOMEM:
		return fail(family, ENOBUFS, NULL);
	case NLE_AGAIN:
		return fail(family, EAGAIN, NULL);
	case NLE_PERM:
		return fail(family, EPERM, NULL);
	default:
		return fail(family, EIO, nl_geterror(nl_error));
	}
}

const char *family_error(const struct family *family)
{
	return family->error ? family->error : "no error";
}

static void explain_missing(void)
{
	if (!access("/sys/module/ipcq", F_OK))
		warnx("module loaded, but its statistics are shown in the initial network namespace only: sudo nsenter -t 1 -n ipcq-stat");
	else
		warnx("module not loaded: sudo modprobe ipcq");
}

/* The limit of the system does not apply to root; others get what it allows. */
static void enlarge_buffer(struct nl_sock *sock)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(nl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)nl_socket_set_buffer_size(sock, size, 0);
}

struct family *family_open(void)
{
	struct family *family = must(calloc(1, sizeof(*family)));
	int one = 1;
	int status;

	family->sock = must(nl_socket_alloc());
	status = genl_connect(family->sock);
	if (status < 0) {
		warnx("cannot open a netlink socket: %s", nl_geterror(status));
		goto fail;
	}
	enlarge_buffer(family->sock);
	(void)nl_socket_set_msg_buf_size(family->sock, DATAGRAM_BUFFER);
	/* Without these errors only come with fewer words. */
	(void)setsockopt(nl_socket_get_fd(family->sock), SOL_NETLINK, NETLINK_EXT_ACK,
			 &one, sizeof(one));
	(void)setsockopt(nl_socket_get_fd(family->sock), SOL_NETLINK, NETLINK_CAP_ACK,
			 &one, sizeof(one));

	family->number = genl_ctrl_resolve(family->sock, IPCQ_FAMILY_NAME);
	if (family->number < 0) {
		explain_missing();
		goto fail;
	}
	return family;
fail:
	family_close(family);
	return NULL;
}

void family_close(struct family *family)
{
	if (!family)
		return;
	nl_socket_free(family->sock);
	free(family->error);
	free(family);
}

/* Attributes ---------------------------------------------------------------- */

static uint32_t get_u32(const struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(const struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

static void get_name(char name[static IPCQ_NAME_MAX + 1], const struct nlattr *attr)
{
	if (attr)
		nla_strlcpy(name, attr, IPCQ_NAME_MAX + 1);
	else
		name[0] = '\0';
}

static void get_histogram(uint64_t *bucket, size_t buckets, const struct nlattr *attr)
{
	if (attr)
		nla_memcpy(bucket, attr, (int)(buckets * sizeof(*bucket)));
}

static void get_counters(struct counters *counters, struct nlattr *nest)
{
	struct nlattr *attr[IPCQ_A_COUNTERS_MAX + 1];
	unsigned int i;

	if (!nest || nla_parse_nested(attr, IPCQ_A_COUNTERS_MAX, nest, NULL) < 0)
		return;
	for (i = 1; i < IPCQ_A_COUNTERS_PAD; i++)
		counters->value[i] = get_u64(attr[i]);
}

static bool parse(struct nlmsghdr *header, struct nlattr **attr, int max)
{
	return genlmsg_parse(header, 0, attr, max, NULL) >= 0;
}

static void get_queue(struct nlmsghdr *header, struct queue *queue)
{
	struct nlattr *attr[IPCQ_A_QUEUE_MAX + 1];

	if (!parse(header, attr, IPCQ_A_QUEUE_MAX))
		return;
	queue->id = get_u32(attr[IPCQ_A_QUEUE_ID]);
	get_name(queue->name, attr[IPCQ_A_QUEUE_NAME]);
	queue->uid = get_u32(attr[IPCQ_A_QUEUE_UID]);
	queue->gid = get_u32(attr[IPCQ_A_QUEUE_GID]);
	queue->mode = get_u32(attr[IPCQ_A_QUEUE_MODE]);
	queue->flags = get_u32(attr[IPCQ_A_QUEUE_FLAGS]);
	queue->order = get_u32(attr[IPCQ_A_QUEUE_ORDER]);
	queue->max_msgs = get_u32(attr[IPCQ_A_QUEUE_MAX_MSGS]);
	queue->max_bytes = get_u64(attr[IPCQ_A_QUEUE_MAX_BYTES]);
	queue->max_msg_size = get_u32(attr[IPCQ_A_QUEUE_MAX_MSG_SIZE]);
	queue->high_pct = get_u32(attr[IPCQ_A_QUEUE_HIGH_PCT]);
	queue->low_pct = get_u32(attr[IPCQ_A_QUEUE_LOW_PCT]);
	queue->depth = get_u32(attr[IPCQ_A_QUEUE_DEPTH]);
	queue->bytes = get_u64(attr[IPCQ_A_QUEUE_BYTES]);
	queue->peak_depth = get_u32(attr[IPCQ_A_QUEUE_PEAK_DEPTH]);
	queue->peak_bytes = get_u64(attr[IPCQ_A_QUEUE_PEAK_BYTES]);
	queue->oldest_ns = get_u64(attr[IPCQ_A_QUEUE_OLDEST_NS]);
	queue->senders = get_u32(attr[IPCQ_A_QUEUE_SENDERS]);
	queue->receivers = get_u32(attr[IPCQ_A_QUEUE_RECEIVERS]);
	queue->blocked_senders = get_u32(attr[IPCQ_A_QUEUE_BLOCKED_SENDERS]);
	queue->blocked_receivers = get_u32(attr[IPCQ_A_QUEUE_BLOCKED_RECEIVERS]);
	queue->snapshot_ns = get_u64(attr[IPCQ_A_QUEUE_SNAPSHOT_NS]);
	get_counters(&queue->counters, attr[IPCQ_A_QUEUE_COUNTERS]);
	get_histogram(queue->size_histogram, SIZE_BUCKETS,
		      attr[IPCQ_A_QUEUE_SIZE_HISTOGRAM]);
	get_histogram(queue->sojourn_histogram, SOJOURN_BUCKETS,
		      attr[IPCQ_A_QUEUE_SOJOURN_HISTOGRAM]);
}

static void get_opener(struct nlmsghdr *header, struct opener *opener)
{
	struct nlattr *attr[IPCQ_A_OPENER_MAX + 1];

	if (!parse(header, attr, IPCQ_A_OPENER_MAX))
		return;
	opener->queue_id = get_u32(attr[IPCQ_A_OPENER_QUEUE_ID]);
	get_name(opener->queue_name, attr[IPCQ_A_OPENER_QUEUE_NAME]);
	opener->pid = get_u32(attr[IPCQ_A_OPENER_PID]);
	if (attr[IPCQ_A_OPENER_COMM])
		opener->comm = must(nla_strdup(attr[IPCQ_A_OPENER_COMM]));
	opener->uid = get_u32(attr[IPCQ_A_OPENER_UID]);
	opener->access = get_u32(attr[IPCQ_A_OPENER_ACCESS]);
	opener->blocked_senders = get_u32(attr[IPCQ_A_OPENER_BLOCKED_SENDERS]);
	opener->blocked_receivers = get_u32(attr[IPCQ_A_OPENER_BLOCKED_RECEIVERS]);
	opener->blocked_ns = get_u64(attr[IPCQ_A_OPENER_BLOCKED_NS]);
}

static void get_totals(struct nlmsghdr *header, struct totals *totals)
{
	struct nlattr *attr[IPCQ_A_TOTALS_MAX + 1];

	if (!parse(header, attr, IPCQ_A_TOTALS_MAX))
		return;
	totals->queues = get_u32(attr[IPCQ_A_TOTALS_QUEUES]);
	totals->created = get_u64(attr[IPCQ_A_TOTALS_CREATED]);
	totals->destroyed = get_u64(attr[IPCQ_A_TOTALS_DESTROYED]);
	totals->depth = get_u64(attr[IPCQ_A_TOTALS_DEPTH]);
	totals->bytes = get_u64(attr[IPCQ_A_TOTALS_BYTES]);
	get_counters(&totals->counters, attr[IPCQ_A_TOTALS_COUNTERS]);
	get_histogram(totals->size_histogram, SIZE_BUCKETS,
		      attr[IPCQ_A_TOTALS_SIZE_HISTOGRAM]);
	get_histogram(totals->sojourn_histogram, SOJOURN_BUCKETS,
		      attr[IPCQ_A_TOTALS_SOJOURN_HISTOGRAM]);
	totals->snapshot_ns = get_u64(attr[IPCQ_A_TOTALS_SNAPSHOT_NS]);
	totals->msg_overhead = get_u32(attr[IPCQ_A_TOTALS_MSG_OVERHEAD]);
}

static void get_event(struct nlmsghdr *header, struct event *event)
{
	struct nlattr *attr[IPCQ_A_QUEUE_MAX + 1];

	event->command = genlmsg_hdr(header)->cmd;
	if (!parse(header, attr, IPCQ_A_QUEUE_MAX))
		return;
	event->id = get_u32(attr[IPCQ_A_QUEUE_ID]);
	get_name(event->name, attr[IPCQ_A_QUEUE_NAME]);
	event->uid = get_u32(attr[IPCQ_A_QUEUE_UID]);
	event->max_msgs = get_u32(attr[IPCQ_A_QUEUE_MAX_MSGS]);
	event->max_bytes = get_u64(attr[IPCQ_A_QUEUE_MAX_BYTES]);
	event->depth = get_u32(attr[IPCQ_A_QUEUE_DEPTH]);
	event->bytes = get_u64(attr[IPCQ_A_QUEUE_BYTES]);
	event->snapshot_ns = get_u64(attr[IPCQ_A_QUEUE_SNAPSHOT_NS]);
	event->dropped = get_u64(attr[IPCQ_A_QUEUE_DROPPED]);
	event->drop_reason = get_u32(attr[IPCQ_A_QUEUE_DROP_REASON]);
}

/* Exchanges ----------------------------------------------------------------- */

/* The kernel's own words stand behind so many bytes of the message; or NULL. */
static char *words_behind(struct nlmsghdr *header, size_t bytes)
{
	struct nlattr *attr[NLMSGERR_ATTR_MAX + 1];

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (nlmsg_parse(header, (int)bytes, attr, NLMSGERR_ATTR_MAX, NULL) < 0 ||
	    !attr[NLMSGERR_ATTR_MSG])
		return NULL;
	return nla_strdup(attr[NLMSGERR_ATTR_MSG]);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	/* libnl passes the payload; the header stands right before it. */
	struct nlmsghdr *header = (void *)((char *)error - NLMSG_HDRLEN);
	struct exchange *exchange = arg;
	size_t bytes = sizeof(*error);
	char *words;

	(void)from;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		bytes += error->msg.nlmsg_len - NLMSG_HDRLEN;
	words = words_behind(header, bytes);
	exchange->result = fail(exchange->family, -error->error, words);
	exchange->finished = true;
	free(words);
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct exchange *exchange = arg;

	if (exchange->each)
		exchange->each(nlmsg_hdr(msg), exchange->arg);
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct exchange *exchange = arg;

	(void)msg;
	exchange->finished = true;
	return NL_STOP;
}

/* A dump that fails half-way says so in the message that ends it. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct exchange *exchange = arg;
	char *words;
	int error = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(header), sizeof(error));
	if (error < 0) {
		words = words_behind(header, sizeof(error));
		exchange->result = fail(exchange->family, -error, words);
		free(words);
	}
	exchange->finished = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct exchange *exchange = arg;

	(void)msg;
	exchange->interrupted = true;
	return NL_OK;
}

static struct nl_cb *callbacks(struct exchange *exchange)
{
	struct nl_cb *cb = must(nl_cb_alloc(NL_CB_DEFAULT));

	nl_cb_err(cb, NL_CB_CUSTOM, on_error, exchange);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, exchange);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, exchange);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, exchange);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, exchange);
	return cb;
}

static struct nl_msg *request(struct family *family, uint8_t command, int flags)
{
	struct nl_msg *msg = must(nlmsg_alloc());

	must(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family->number, 0, flags, command,
			 IPCQ_FAMILY_VERSION));
	return msg;
}

static void put_u32(struct nl_msg *msg, int type, uint32_t value)
{
	if (nla_put_u32(msg, type, value) < 0)
		errx(EXIT_FAILED, "cannot make a netlink message");
}

static void put_selector(struct nl_msg *msg, const struct selector *selector, int id_type,
			 int name_type)
{
	if (!selector->name)
		put_u32(msg, id_type, selector->id);
	else if (nla_put_string(msg, name_type, selector->name) < 0)
		errx(EXIT_FAILED, "cannot make a netlink message");
}

/* Sends the message, frees it and reads until the kernel has ended its answer. */
static int run(struct exchange *exchange, struct nl_msg *msg)
{
	struct nl_cb *cb = callbacks(exchange);
	int status;

	status = nl_send_auto(exchange->family->sock, msg);
	nlmsg_free(msg);
	while (status >= 0 && !exchange->finished)
		status = nl_recvmsgs(exchange->family->sock, cb);
	nl_cb_put(cb);
	if (!exchange->finished)
		return fail_nl(exchange->family, status);
	return exchange->result;
}

static void take_queue(struct nlmsghdr *header, void *arg)
{
	get_queue(header, arg);
}

int family_get_queue(struct family *family, const struct selector *selector,
		     struct queue *queue)
{
	struct exchange exchange = { .family = family, .each = take_queue, .arg = queue };
	struct nl_msg *msg = request(family, IPCQ_CMD_QUEUE_GET, NLM_F_ACK);

	put_selector(msg, selector, IPCQ_A_QUEUE_ID, IPCQ_A_QUEUE_NAME);
	return run(&exchange, msg);
}

static void add_queue(struct nlmsghdr *header, void *arg)
{
	get_queue(header, queue_list_add(arg));
}

int family_dump_queues(struct family *family, struct queue_list *list)
{
	int tries, status;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct exchange exchange = { .family = family, .each = add_queue, .arg = list };

		queue_list_clear(list);
		status = run(&exchange, request(family, IPCQ_CMD_QUEUE_GET, NLM_F_DUMP));
		if (status || !exchange.interrupted)
			return status;
	}
	return 1;
}

static void add_opener(struct nlmsghdr *header, void *arg)
{
	get_opener(header, opener_list_add(arg));
}

static void opener_list_append(struct opener_list *list, struct opener_list *more)
{
	size_t i;

	for (i = 0; i < more->count; i++)
		*opener_list_add(list) = more->opener[i];
	/* What they point to has moved along. */
	free(more->opener);
}

int family_dump_openers(struct family *family, const struct selector *selector,
			struct opener_list *list)
{
	struct opener_list found = { 0 };
	int tries, status = 0;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct exchange exchange = {
			.family = family, .each = add_opener, .arg = &found,
		};
		struct nl_msg *msg = request(family, IPCQ_CMD_OPENER_GET, NLM_F_DUMP);

		put_selector(msg, selector, IPCQ_A_OPENER_QUEUE_ID, IPCQ_A_OPENER_QUEUE_NAME);
		opener_list_clear(&found);
		status = run(&exchange, msg);
		if (status || !exchange.interrupted)
			break;
	}
	opener_list_append(list, &found);
	return status;
}

static void take_totals(struct nlmsghdr *header, void *arg)
{
	get_totals(header, arg);
}

int family_get_totals(struct family *family, struct totals *totals)
{
	struct exchange exchange = { .family = family, .each = take_totals, .arg = totals };

	memset(totals, 0, sizeof(*totals));
	return run(&exchange, request(family, IPCQ_CMD_TOTALS_GET, NLM_F_ACK));
}

int family_reset(struct family *family, const struct selector *selector, uint32_t mask)
{
	struct exchange exchange = { .family = family };
	struct nl_msg *msg = request(family, IPCQ_CMD_QUEUE_RESET, NLM_F_ACK);

	put_selector(msg, selector, IPCQ_A_QUEUE_ID, IPCQ_A_QUEUE_NAME);
	put_u32(msg, IPCQ_A_QUEUE_RESET, mask);
	return run(&exchange, msg);
}

/* Events -------------------------------------------------------------------- */

int family_follow(struct family *family)
{
	int group, status;

	group = genl_ctrl_resolve_grp(family->sock, IPCQ_FAMILY_NAME, IPCQ_MCGRP_EVENTS);
	if (group < 0)
		return fail(family, ENOENT, "this kernel's ipcq announces no events");
	status = nl_socket_add_membership(family->sock, group);
	if (status < 0)
		return fail_nl(family, status);
	status = nl_socket_set_nonblocking(family->sock);
	return status < 0 ? fail_nl(family, status) : 0;
}

int family_fd(const struct family *family)
{
	return nl_socket_get_fd(family->sock);
}

struct event_reader {
	int family_number;
	bool (*each)(const struct event *event, void *arg);
	void *arg;
	bool stopped;
};

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct event_reader *reader = arg;
	struct event event = { 0 };

	if (reader->stopped || header->nlmsg_type != reader->family_number)
		return NL_SKIP;
	get_event(header, &event);
	reader->stopped = !reader->each(&event, reader->arg);
	return NL_OK;
}

/* Events answer no request. */
static int on_sequence(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

int family_read_events(struct family *family,
		       bool (*each)(const struct event *event, void *arg), void *arg)
{
	struct event_reader reader = {
		.family_number = family->number, .each = each, .arg = arg,
	};
	struct nl_cb *cb = must(nl_cb_alloc(NL_CB_DEFAULT));
	int status = 0;

	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, NULL);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &reader);
	while (status >= 0 && !reader.stopped)
		status = nl_recvmsgs(family->sock, cb);
	nl_cb_put(cb);
	if (status >= 0 || status == -NLE_AGAIN)
		return 0;
	return fail_nl(family, status);
}
