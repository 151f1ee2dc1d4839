// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the netlink family says of a queue and of the module, read through a bare
 * socket: tests of the device must not depend on the tools' libraries.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "nl.h"

struct request {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char attrs[128];
};

/* More than the largest reply, which fits a page of any size we run on. */
struct reply {
	struct nlmsghdr nl;
	char rest[32768];
};

static void request_init(struct request *req, uint16_t type, uint8_t cmd)
{
	memset(req, 0, sizeof(*req));
	req->nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	req->nl.nlmsg_type = type;
	req->nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	req->genl.cmd = cmd;
	req->genl.version = 1;
}

static void request_add(struct request *req, uint16_t type, const void *data,
			uint16_t len)
{
	struct nlattr attr = {
		.nla_len = NLA_HDRLEN + len,
		.nla_type = type,
	};
	char *end = (char *)req + NLMSG_ALIGN(req->nl.nlmsg_len);

	memcpy(end, &attr, sizeof(attr));
	memcpy(end + NLA_HDRLEN, data, len);
	req->nl.nlmsg_len = NLMSG_ALIGN(req->nl.nlmsg_len) + NLA_ALIGN(attr.nla_len);
}

static void request_add_u32(struct request *req, uint16_t type, uint32_t value)
{
	request_add(req, type, &value, sizeof(value));
}

/*
 * Ask, and get one reply and an acknowledgement, or an error.  The reply may be
 * missing.
 */
static int ask(const struct request *req, struct reply *reply)
{
	char buf[sizeof(struct reply)] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd, err = 1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	memset(reply, 0, sizeof(reply->nl));
	if (send(fd, req, req->nl.nlmsg_len, 0) < 0)
		err = -errno;
	while (err > 0) {
		struct nlmsghdr *nl = (struct nlmsghdr *)buf;
		ssize_t len = recv(fd, buf, sizeof(buf), 0);

		if (len < 0) {
			err = -errno;
			break;
		}
		for (; NLMSG_OK(nl, len); nl = NLMSG_NEXT(nl, len)) {
			if (nl->nlmsg_type == NLMSG_ERROR)
				err = ((struct nlmsgerr *)NLMSG_DATA(nl))->error;
			else
				memcpy(reply, nl, nl->nlmsg_len);
		}
	}
	close(fd);
	return err;
}

typedef void (*attr_fn)(void *arg, int type, const void *data, size_t len);

static void for_each_attr(const char *data, size_t len, attr_fn fn, void *arg)
{
	struct nlattr attr;
	size_t whole;

	while (len >= NLA_HDRLEN) {
		memcpy(&attr, data, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > len)
			return;
		fn(arg, attr.nla_type & NLA_TYPE_MASK, data + NLA_HDRLEN,
		   attr.nla_len - NLA_HDRLEN);
		whole = NLA_ALIGN(attr.nla_len);
		if (whole >= len)
			return;
		len -= whole;
		data += whole;
	}
}

static void for_each_attr_of(const struct reply *reply, attr_fn fn, void *arg)
{
	if (reply->nl.nlmsg_len >= NLMSG_LENGTH(GENL_HDRLEN))
		for_each_attr((const char *)reply + NLMSG_LENGTH(GENL_HDRLEN),
			      reply->nl.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), fn, arg);
}

static void take(void *to, size_t size, const void *data, size_t len)
{
	memcpy(to, data, len < size ? len : size);
}

static void take_family(void *arg, int type, const void *data, size_t len)
{
	if (type == CTRL_ATTR_FAMILY_ID)
		take(arg, sizeof(uint16_t), data, len);
}

/* The number changes whenever the module is loaded: it is kept only on request. */
static uint16_t kept_family;

static int family(uint16_t *id)
{
	struct request req;
	struct reply reply;
	int err;

	*id = kept_family;
	if (kept_family)
		return 0;
	request_init(&req, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	request_add(&req, CTRL_ATTR_FAMILY_NAME, IPCQ_FAMILY_NAME,
		    sizeof(IPCQ_FAMILY_NAME));
	err = ask(&req, &reply);
	if (!err)
		for_each_attr_of(&reply, take_family, id);
	return err;
}

/* Ask for the family's number no more: the module stays loaded.  0 or a negative errno. */
int nl_keep_family(void)
{
	return family(&kept_family);
}

static void take_counter(void *arg, int type, const void *data, size_t len)
{
	struct nl_stats *stats = arg;

	if (type <= IPCQ_A_COUNTERS_MAX)
		take(&stats->counter[type], sizeof(stats->counter[type]), data, len);
}

static void take_queue(void *arg, int type, const void *data, size_t len)
{
	struct nl_queue *q = arg;

#define FIELD(attr, field) \
	case attr: take(&q->field, sizeof(q->field), data, len); break
	switch (type) {
	FIELD(IPCQ_A_QUEUE_NAME, name);
	FIELD(IPCQ_A_QUEUE_ID, id);
	FIELD(IPCQ_A_QUEUE_UID, uid);
	FIELD(IPCQ_A_QUEUE_GID, gid);
	FIELD(IPCQ_A_QUEUE_MODE, mode);
	FIELD(IPCQ_A_QUEUE_FLAGS, flags);
	FIELD(IPCQ_A_QUEUE_ORDER, order);
	FIELD(IPCQ_A_QUEUE_MAX_MSGS, max_msgs);
	FIELD(IPCQ_A_QUEUE_MAX_BYTES, max_bytes);
	FIELD(IPCQ_A_QUEUE_MAX_MSG_SIZE, max_msg_size);
	FIELD(IPCQ_A_QUEUE_DEPTH, depth);
	FIELD(IPCQ_A_QUEUE_BYTES, bytes);
	FIELD(IPCQ_A_QUEUE_PEAK_DEPTH, peak_depth);
	FIELD(IPCQ_A_QUEUE_PEAK_BYTES, peak_bytes);
	FIELD(IPCQ_A_QUEUE_OLDEST_NS, oldest_ns);
	FIELD(IPCQ_A_QUEUE_SENDERS, senders);
	FIELD(IPCQ_A_QUEUE_RECEIVERS, receivers);
	FIELD(IPCQ_A_QUEUE_BLOCKED_SENDERS, blocked_senders);
	FIELD(IPCQ_A_QUEUE_BLOCKED_RECEIVERS, blocked_receivers);
	FIELD(IPCQ_A_QUEUE_SNAPSHOT_NS, snapshot_ns);
	FIELD(IPCQ_A_QUEUE_SIZE_HISTOGRAM, stats.size);
	FIELD(IPCQ_A_QUEUE_SOJOURN_HISTOGRAM, stats.sojourn);
	case IPCQ_A_QUEUE_COUNTERS:
		for_each_attr(data, len, take_counter, &q->stats);
		break;
	}
#undef FIELD
}

static void take_totals(void *arg, int type, const void *data, size_t len)
{
	struct nl_totals *t = arg;

#define FIELD(attr, field) \
	case attr: take(&t->field, sizeof(t->field), data, len); break
	switch (type) {
	FIELD(IPCQ_A_TOTALS_QUEUES, queues);
	FIELD(IPCQ_A_TOTALS_CREATED, created);
	FIELD(IPCQ_A_TOTALS_DESTROYED, destroyed);
	FIELD(IPCQ_A_TOTALS_DEPTH, depth);
	FIELD(IPCQ_A_TOTALS_BYTES, bytes);
	FIELD(IPCQ_A_TOTALS_MSG_OVERHEAD, msg_overhead);
	FIELD(IPCQ_A_TOTALS_SIZE_HISTOGRAM, stats.size);
	FIELD(IPCQ_A_TOTALS_SOJOURN_HISTOGRAM, stats.sojourn);
	case IPCQ_A_TOTALS_COUNTERS:
		for_each_attr(data, len, take_counter, &t->stats);
		break;
	}
#undef FIELD
}

/* One snapshot of a queue, by its number. */
struct nl_queue nl_queue(uint32_t id)
{
	struct nl_queue q = {};
	struct request req;
	struct reply reply;
	uint16_t type;

	q.err = family(&type);
	if (q.err)
		return q;
	request_init(&req, type, IPCQ_CMD_QUEUE_GET);
	request_add_u32(&req, IPCQ_A_QUEUE_ID, id);
	q.err = ask(&req, &reply);
	if (!q.err)
		for_each_attr_of(&reply, take_queue, &q);
	return q;
}

/* One snapshot of the module. */
struct nl_totals nl_totals(void)
{
	struct nl_totals t = {};
	struct request req;
	struct reply reply;
	uint16_t type;

	t.err = family(&type);
	if (t.err)
		return t;
	request_init(&req, type, IPCQ_CMD_TOTALS_GET);
	t.err = ask(&req, &reply);
	if (!t.err)
		for_each_attr_of(&reply, take_totals, &t);
	return t;
}

/* Ask for a queue by its name.  0 or a negative errno. */
int nl_get_by_name(const char *name)
{
	struct request req;
	struct reply reply;
	uint16_t type;
	int err;

	err = family(&type);
	if (err)
		return err;
	request_init(&req, type, IPCQ_CMD_QUEUE_GET);
	request_add(&req, IPCQ_A_QUEUE_NAME, name, strlen(name) + 1);
	return ask(&req, &reply);
}

/* How many entries one part of a dump has; @err is set if it is the last. */
static int dump_part(struct nlmsghdr *nl, ssize_t len, int *err)
{
	int n = 0;

	for (; NLMSG_OK(nl, len); nl = NLMSG_NEXT(nl, len)) {
		if (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE)
			*err = *(int *)NLMSG_DATA(nl);
		else
			n++;
	}
	return n;
}

/* Ask for a dump.  Returns how many entries it had, or a negative errno. */
static int dump(struct request *req)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd, err = 1, n = 0;

	req->nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	if (send(fd, req, req->nl.nlmsg_len, 0) < 0)
		err = -errno;
	while (err > 0) {
		ssize_t len = recv(fd, buf, sizeof(buf), 0);

		if (len < 0)
			err = -errno;
		else
			n += dump_part((struct nlmsghdr *)buf, len, &err);
	}
	close(fd);
	return err ? err : n;
}

/* Dump all queues.  Returns how many there are, or a negative errno. */
int nl_dump_queues(void)
{
	struct request req;
	uint16_t type;
	int err;

	err = family(&type);
	if (err)
		return err;
	request_init(&req, type, IPCQ_CMD_QUEUE_GET);
	return dump(&req);
}

/* Dump the openers of a queue.  Returns how many there are, or a negative errno. */
int nl_dump_openers(uint32_t id)
{
	struct request req;
	uint16_t type;
	int err;

	err = family(&type);
	if (err)
		return err;
	request_init(&req, type, IPCQ_CMD_OPENER_GET);
	request_add_u32(&req, IPCQ_A_OPENER_QUEUE_ID, id);
	return dump(&req);
}

static void take_group_id(void *arg, int type, const void *data, size_t len)
{
	if (type == CTRL_ATTR_MCAST_GRP_ID)
		take(arg, sizeof(uint32_t), data, len);
}

/* The family has one group. */
static void take_group(void *arg, int type, const void *data, size_t len)
{
	(void)type;
	for_each_attr(data, len, take_group_id, arg);
}

static void take_groups(void *arg, int type, const void *data, size_t len)
{
	if (type == CTRL_ATTR_MCAST_GROUPS)
		for_each_attr(data, len, take_group, arg);
}

/* Listen to events.  Returns a socket, or a negative errno. */
int nl_listen(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	struct request req;
	struct reply reply;
	uint32_t group = 0;
	int fd, err;

	request_init(&req, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	request_add(&req, CTRL_ATTR_FAMILY_NAME, IPCQ_FAMILY_NAME,
		    sizeof(IPCQ_FAMILY_NAME));
	err = ask(&req, &reply);
	if (err)
		return err;
	for_each_attr_of(&reply, take_groups, &group);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	/* Without a number of its own it would be taken for the sender. */
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/*
 * The next event.  Returns its command, -EAGAIN if there is none, -ENOBUFS if some
 * were lost, or another negative errno.
 */
int nl_event(int fd)
{
	struct reply reply;
	struct genlmsghdr *genl = NLMSG_DATA(&reply.nl);

	return recv(fd, &reply, sizeof(reply), MSG_DONTWAIT) < 0 ? -errno : genl->cmd;
}

/* Set back what IPCQ_RESET_* says.  0 or a negative errno. */
int nl_reset(uint32_t id, uint32_t what)
{
	struct request req;
	struct reply reply;
	uint16_t type;
	int err;

	err = family(&type);
	if (err)
		return err;
	request_init(&req, type, IPCQ_CMD_QUEUE_RESET);
	request_add_u32(&req, IPCQ_A_QUEUE_ID, id);
	request_add_u32(&req, IPCQ_A_QUEUE_RESET, what);
	return ask(&req, &reply);
}

/* One counter of a queue, IPCQ_A_COUNTERS_*; what no counter can be on failure. */
uint64_t nl_counter(uint32_t id, int counter)
{
	struct nl_queue q = nl_queue(id);

	return q.err ? UINT64_MAX : q.stats.counter[counter];
}

static uint64_t sum(const uint64_t *values, int n)
{
	uint64_t total = 0;

	while (n--)
		total += values[n];
	return total;
}

static int differ(const char *what, const char *left, uint64_t l, const char *right,
		  uint64_t r)
{
	if (l == r)
		return 0;
	fprintf(stderr, "# %s: %s %llu, %s %llu\n", what, left, (unsigned long long)l,
		right, (unsigned long long)r);
	return 1;
}

static int check_books(const char *what, const struct nl_stats *s, uint64_t depth)
{
	const uint64_t *c = s->counter;

	return differ(what, "sent", c[IPCQ_A_COUNTERS_SENT],
		      "received + depth + dropped + purged",
		      c[IPCQ_A_COUNTERS_RECEIVED] + depth +
		      c[IPCQ_A_COUNTERS_DROPPED_DESTROYED] +
		      c[IPCQ_A_COUNTERS_PURGED]) +
	       differ(what, "received", c[IPCQ_A_COUNTERS_RECEIVED],
		      "in the sojourn histogram",
		      sum(s->sojourn, NL_SOJOURN_BUCKETS));
}

/*
 * Do the books of a queue balance?  Says what does not.  Returns how many things
 * do not, or a negative errno.
 */
int nl_books(uint32_t id)
{
	struct nl_queue q = nl_queue(id);
	char what[100];
	int wrong;

	if (q.err)
		return q.err;
	snprintf(what, sizeof(what), "queue %u '%s'", id, q.name);
	wrong = check_books(what, &q.stats, q.depth);
	if (!q.depth)
		wrong += differ(what, "bytes", q.bytes, "with a depth of", q.depth);
	if (q.peak_depth < q.depth)
		wrong += differ(what, "peak", q.peak_depth, "depth", q.depth);
	if (q.peak_bytes < q.bytes)
		wrong += differ(what, "peak bytes", q.peak_bytes, "bytes", q.bytes);
	return wrong;
}

/* The same for the module. */
int nl_books_of_totals(void)
{
	struct nl_totals t = nl_totals();

	if (t.err)
		return t.err;
	return check_books("totals", &t.stats, t.depth) +
	       differ("totals", "created", t.created, "destroyed + existing",
		      t.destroyed + t.queues);
}
