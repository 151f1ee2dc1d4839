// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "ipcq": reads what the registry and the engines know.
 *
 * docs/netlink/specs/ipcq.yaml is its specification.  It takes no part in
 * transfers; the observer hears of events after every lock was released.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "compat.h"
#include "message.h"
#include "netlink.h"
#include "opener.h"
#include "registry.h"

static_assert(IPCQ_A_COUNTERS_SENT == (int)IPCQ_SENT + 1);
static_assert(IPCQ_A_COUNTERS_RECEIVER_WAKEUPS == (int)IPCQ_NR_COUNTERS);

enum { IPCQ_GROUP_EVENTS };

static struct genl_family ipcq_family;

/**
 * struct ipcq_reader - who asks, and what that lets them see
 * @cred: of the task that asks
 * @socket: of the task that opened its socket
 * @admin: has CAP_SYS_ADMIN
 * @reads_all: has CAP_DAC_READ_SEARCH
 *
 * A right is one only if both have it: the answer goes to whoever has the socket,
 * and a program with privileges may be made to write a request into one that it was
 * given.
 */
struct ipcq_reader {
	const struct cred *cred;
	const struct cred *socket;
	bool admin;
	bool reads_all;
};

/* Valid while the request is handled. */
static struct ipcq_reader ipcq_reader_of(struct sk_buff *request)
{
	return (struct ipcq_reader) {
		.cred = current_cred(),
		.socket = NETLINK_CB(request).sk->sk_socket->file->f_cred,
		.admin = netlink_capable(request, CAP_SYS_ADMIN),
		.reads_all = netlink_capable(request, CAP_DAC_READ_SEARCH),
	};
}

static bool ipcq_cred_owns(const struct cred *cred, const struct ipcq_queue *q)
{
	return uid_eq(cred->euid, q->identity.uid);
}

static bool ipcq_cred_is_in_group(const struct cred *cred, kgid_t gid)
{
	const struct cred *own = override_creds(cred);
	bool is = in_egroup_p(gid);

	revert_creds(own);
	return is;
}

/* Statistics are for those whom the queue's mode lets read messages. */
static bool ipcq_cred_may_read(const struct cred *cred, const struct ipcq_queue *q)
{
	if (ipcq_cred_owns(cred, q))
		return true;
	if (ipcq_cred_is_in_group(cred, q->identity.gid))
		return q->identity.mode & 0040;
	return q->identity.mode & 0004;
}

static bool ipcq_reader_owns(const struct ipcq_reader *r,
			     const struct ipcq_queue *q)
{
	return r->admin ||
	       (ipcq_cred_owns(r->cred, q) && ipcq_cred_owns(r->socket, q));
}

static bool ipcq_reader_may_read(const struct ipcq_reader *r,
				 const struct ipcq_queue *q)
{
	return r->admin || r->reads_all ||
	       (ipcq_cred_may_read(r->cred, q) && ipcq_cred_may_read(r->socket, q));
}

static int ipcq_put_counters(struct sk_buff *skb, int attr,
			     const struct ipcq_stats *stats)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < IPCQ_NR_COUNTERS; i++) {
		if (nla_put_u64_64bit(skb, i + 1, stats->counter[i],
				      IPCQ_A_COUNTERS_PAD))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int ipcq_put_identity(struct sk_buff *skb, const struct ipcq_queue *q,
			     struct user_namespace *ns)
{
	if (nla_put_u32(skb, IPCQ_A_QUEUE_ID, q->id) ||
	    nla_put_string(skb, IPCQ_A_QUEUE_NAME, q->identity.name) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_UID,
			from_kuid_munged(ns, q->identity.uid)))
		return -EMSGSIZE;
	return 0;
}

static int ipcq_put_config(struct sk_buff *skb, const struct ipcq_config *c)
{
	if (nla_put_u32(skb, IPCQ_A_QUEUE_ORDER, c->order) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_MAX_MSGS, c->max_msgs) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_MAX_BYTES, c->max_bytes,
			      IPCQ_A_QUEUE_PAD) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_MAX_MSG_SIZE, c->max_msg_size) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_HIGH_PCT, c->high_pct) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_LOW_PCT, c->low_pct))
		return -EMSGSIZE;
	return 0;
}

static int ipcq_put_state(struct sk_buff *skb, const struct ipcq_snapshot *snap)
{
	if (nla_put_u32(skb, IPCQ_A_QUEUE_DEPTH, snap->depth) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_BYTES, snap->bytes,
			      IPCQ_A_QUEUE_PAD) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_PEAK_DEPTH, snap->peak_depth) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_PEAK_BYTES, snap->peak_bytes,
			      IPCQ_A_QUEUE_PAD) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_OLDEST_NS, snap->oldest_ns,
			      IPCQ_A_QUEUE_PAD) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_SENDERS, snap->senders) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_RECEIVERS, snap->receivers) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_BLOCKED_SENDERS,
			snap->blocked_senders) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_BLOCKED_RECEIVERS,
			snap->blocked_receivers) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_SNAPSHOT_NS, snap->now_ns,
			      IPCQ_A_QUEUE_PAD))
		return -EMSGSIZE;
	return 0;
}

/* One message on a queue, all of it from one snapshot. */
static int ipcq_put_queue(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			  struct ipcq_queue *q, struct user_namespace *ns)
{
	struct ipcq_snapshot snap;
	struct ipcq_stats *stats;
	void *header;

	stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return -ENOMEM;
	header = genlmsg_put(skb, portid, seq, &ipcq_family, flags,
			     IPCQ_CMD_QUEUE_GET);
	if (!header)
		goto full;
	ipcq_snap(&q->engine, &snap, stats);
	if (ipcq_put_identity(skb, q, ns) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_GID,
			from_kgid_munged(ns, q->identity.gid)) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_MODE, q->identity.mode) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_FLAGS, ipcq_queue_flags(q, &snap)) ||
	    ipcq_put_config(skb, &snap.config) ||
	    ipcq_put_state(skb, &snap) ||
	    ipcq_put_counters(skb, IPCQ_A_QUEUE_COUNTERS, stats) ||
	    nla_put(skb, IPCQ_A_QUEUE_SIZE_HISTOGRAM, sizeof(stats->size),
		    stats->size) ||
	    nla_put(skb, IPCQ_A_QUEUE_SOJOURN_HISTOGRAM, sizeof(stats->sojourn),
		    stats->sojourn))
		goto cancel;
	genlmsg_end(skb, header);
	kfree(stats);
	return 0;

cancel:
	genlmsg_cancel(skb, header);
full:
	kfree(stats);
	return -EMSGSIZE;
}

/* Find the queue that a request names by @id or @name. */
static struct ipcq_queue *ipcq_requested(const struct nlattr *id,
					 const struct nlattr *name,
					 struct netlink_ext_ack *extack)
{
	struct ipcq_queue *q;

	if (!id == !name) {
		NL_SET_ERR_MSG(extack, "give either the id or the name of a queue");
		return ERR_PTR(-EINVAL);
	}
	q = id ? ipcq_queue_by_id(nla_get_u32(id)) :
		 ipcq_queue_by_name(nla_data(name));
	if (!q) {
		NL_SET_ERR_MSG_ATTR(extack, id ?: name, "no such queue");
		return ERR_PTR(-ENOENT);
	}
	return q;
}

static struct ipcq_queue *ipcq_info_queue(struct genl_info *info)
{
	return ipcq_requested(info->attrs[IPCQ_A_QUEUE_ID],
			      info->attrs[IPCQ_A_QUEUE_NAME], info->extack);
}

static int ipcq_queue_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct ipcq_reader reader = ipcq_reader_of(request);
	struct ipcq_queue *q;
	struct sk_buff *skb;
	int err;

	q = ipcq_info_queue(info);
	if (IS_ERR(q))
		return PTR_ERR(q);
	if (!ipcq_reader_may_read(&reader, q)) {
		GENL_SET_ERR_MSG(info, "the queue's mode does not let you read it");
		err = -EACCES;
		goto put;
	}
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb) {
		err = -ENOMEM;
		goto put;
	}
	err = ipcq_put_queue(skb, info->snd_portid, info->snd_seq, 0, q,
			     reader.cred->user_ns);
	if (err)
		nlmsg_free(skb);
	else
		err = genlmsg_reply(skb, info);
put:
	ipcq_queue_put(q);
	return err;
}

/**
 * struct ipcq_dump - the state of a dump, in netlink_callback.ctx
 * @reader: who asked; holds references to the credentials
 * @queue: whose openers are dumped; a reference
 * @next: id of the next queue, or number of the next opener
 */
struct ipcq_dump {
	struct ipcq_reader reader;
	struct ipcq_queue *queue;
	u64 next;
};

static struct ipcq_dump *ipcq_dump_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct ipcq_dump) > sizeof(cb->ctx));
	return (struct ipcq_dump *)cb->ctx;
}

/* Later parts of a dump may run in another task: keep who began it. */
static void ipcq_dump_begin(struct netlink_callback *cb)
{
	struct ipcq_dump *dump = ipcq_dump_of(cb);

	dump->reader = ipcq_reader_of(cb->skb);
	get_cred(dump->reader.cred);
	get_cred(dump->reader.socket);
}

static int ipcq_dump_done(struct netlink_callback *cb)
{
	struct ipcq_dump *dump = ipcq_dump_of(cb);

	if (dump->queue)
		ipcq_queue_put(dump->queue);
	put_cred(dump->reader.socket);
	put_cred(dump->reader.cred);
	return 0;
}

static int ipcq_queue_get_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = ipcq_dump_attrs(cb);

	if (attrs[IPCQ_A_QUEUE_ID] || attrs[IPCQ_A_QUEUE_NAME]) {
		NL_SET_ERR_MSG(cb->extack, "a dump is of all queues");
		return -EINVAL;
	}
	ipcq_dump_begin(cb);
	return 0;
}

static int ipcq_queue_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ipcq_dump *dump = ipcq_dump_of(cb);
	struct ipcq_queue *q;
	u32 id;
	int err;

	while ((q = ipcq_queue_from(dump->next))) {
		id = q->id;
		err = 0;
		if (ipcq_reader_may_read(&dump->reader, q))
			err = ipcq_put_queue(skb, NETLINK_CB(cb->skb).portid,
					     cb->nlh->nlmsg_seq, NLM_F_MULTI, q,
					     dump->reader.cred->user_ns);
		ipcq_queue_put(q);
		if (err)
			return skb->len ?: err;
		dump->next = id + 1;
		/* Nothing ends this early over queues that one may not see. */
		cond_resched();
	}
	return skb->len;
}

static int ipcq_opener_get_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = ipcq_dump_attrs(cb);
	struct ipcq_dump *dump = ipcq_dump_of(cb);
	struct ipcq_queue *q;

	q = ipcq_requested(attrs[IPCQ_A_OPENER_QUEUE_ID],
			   attrs[IPCQ_A_OPENER_QUEUE_NAME], cb->extack);
	if (IS_ERR(q))
		return PTR_ERR(q);
	ipcq_dump_begin(cb);
	dump->queue = q;
	if (!ipcq_reader_owns(&dump->reader, q)) {
		NL_SET_ERR_MSG(cb->extack,
			       "only the queue's owner may see who has it open");
		/* After a failed start nobody calls done. */
		ipcq_dump_done(cb);
		return -EACCES;
	}
	return 0;
}

static int ipcq_put_opener(struct sk_buff *skb, struct netlink_callback *cb,
			   struct ipcq_opener *opener)
{
	struct ipcq_dump *dump = ipcq_dump_of(cb);
	struct ipcq_queue *q = dump->queue;
	u32 senders, receivers;
	void *header;
	u64 ns;

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, &ipcq_family, NLM_F_MULTI,
			     IPCQ_CMD_OPENER_GET);
	if (!header)
		return -EMSGSIZE;
	ns = ipcq_party_blocked_ns(&q->engine, &opener->party, &senders,
				   &receivers);
	if (nla_put_u32(skb, IPCQ_A_OPENER_QUEUE_ID, q->id) ||
	    nla_put_string(skb, IPCQ_A_OPENER_QUEUE_NAME, q->identity.name) ||
	    nla_put_u32(skb, IPCQ_A_OPENER_PID, pid_vnr(opener->pid)) ||
	    nla_put_string(skb, IPCQ_A_OPENER_COMM, opener->comm) ||
	    nla_put_u32(skb, IPCQ_A_OPENER_UID,
			from_kuid_munged(dump->reader.cred->user_ns,
					 opener->uid)) ||
	    nla_put_u32(skb, IPCQ_A_OPENER_ACCESS, opener->party.access) ||
	    nla_put_u32(skb, IPCQ_A_OPENER_BLOCKED_SENDERS, senders) ||
	    nla_put_u32(skb, IPCQ_A_OPENER_BLOCKED_RECEIVERS, receivers) ||
	    nla_put_u64_64bit(skb, IPCQ_A_OPENER_BLOCKED_NS, ns,
			      IPCQ_A_OPENER_PAD)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static int ipcq_opener_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct ipcq_dump *dump = ipcq_dump_of(cb);
	struct ipcq_queue *q = dump->queue;
	struct ipcq_opener *opener;
	int err = 0;

	/* Held for no more than fits one part. */
	mutex_lock(&q->openers_lock);
	while ((opener = ipcq_opener_from(q, dump->next))) {
		err = ipcq_put_opener(skb, cb, opener);
		if (err)
			break;
		dump->next = opener->number + 1;
		/* To find out since when somebody blocks takes its time, too. */
		cond_resched();
	}
	mutex_unlock(&q->openers_lock);
	return skb->len ?: err;
}

static int ipcq_put_totals(struct sk_buff *skb, const struct ipcq_totals *t)
{
	if (nla_put_u32(skb, IPCQ_A_TOTALS_QUEUES, t->queues) ||
	    nla_put_u64_64bit(skb, IPCQ_A_TOTALS_CREATED, t->created,
			      IPCQ_A_TOTALS_PAD) ||
	    nla_put_u64_64bit(skb, IPCQ_A_TOTALS_DESTROYED, t->destroyed,
			      IPCQ_A_TOTALS_PAD) ||
	    nla_put_u64_64bit(skb, IPCQ_A_TOTALS_DEPTH, t->depth,
			      IPCQ_A_TOTALS_PAD) ||
	    nla_put_u64_64bit(skb, IPCQ_A_TOTALS_BYTES, t->bytes,
			      IPCQ_A_TOTALS_PAD) ||
	    ipcq_put_counters(skb, IPCQ_A_TOTALS_COUNTERS, &t->stats) ||
	    nla_put(skb, IPCQ_A_TOTALS_SIZE_HISTOGRAM, sizeof(t->stats.size),
		    t->stats.size) ||
	    nla_put(skb, IPCQ_A_TOTALS_SOJOURN_HISTOGRAM,
		    sizeof(t->stats.sojourn), t->stats.sojourn) ||
	    nla_put_u64_64bit(skb, IPCQ_A_TOTALS_SNAPSHOT_NS, t->now_ns,
			      IPCQ_A_TOTALS_PAD) ||
	    nla_put_u32(skb, IPCQ_A_TOTALS_MSG_OVERHEAD, ipcq_message_memory(0)))
		return -EMSGSIZE;
	return 0;
}

static int ipcq_totals_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct ipcq_totals *totals;
	struct sk_buff *skb;
	void *header;
	int err;

	totals = kmalloc(sizeof(*totals), GFP_KERNEL);
	if (!totals)
		return -ENOMEM;
	ipcq_registry_totals(totals);
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb) {
		err = -ENOMEM;
		goto free;
	}
	header = genlmsg_put_reply(skb, info, &ipcq_family, 0,
				   IPCQ_CMD_TOTALS_GET);
	if (!header || ipcq_put_totals(skb, totals)) {
		nlmsg_free(skb);
		err = -EMSGSIZE;
		goto free;
	}
	genlmsg_end(skb, header);
	err = genlmsg_reply(skb, info);
free:
	kfree(totals);
	return err;
}

static int ipcq_queue_reset_doit(struct sk_buff *request, struct genl_info *info)
{
	struct ipcq_queue *q;
	u32 what;

	if (!netlink_capable(request, CAP_SYS_ADMIN)) {
		GENL_SET_ERR_MSG(info, "a reset takes CAP_SYS_ADMIN");
		return -EPERM;
	}
	if (GENL_REQ_ATTR_CHECK(info, IPCQ_A_QUEUE_RESET)) {
		GENL_SET_ERR_MSG(info, "say what to reset");
		return -EINVAL;
	}
	what = nla_get_u32(info->attrs[IPCQ_A_QUEUE_RESET]);
	q = ipcq_info_queue(info);
	if (IS_ERR(q))
		return PTR_ERR(q);
	ipcq_queue_reset(q, what & IPCQ_RESET_PEAK, what & IPCQ_RESET_COUNTERS);
	ipcq_queue_put(q);
	return 0;
}

static const struct nla_policy ipcq_queue_policy[IPCQ_A_QUEUE_NAME + 1] = {
	[IPCQ_A_QUEUE_ID] = { .type = NLA_U32 },
	[IPCQ_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = IPCQ_NAME_MAX },
};

static const struct nla_policy ipcq_reset_policy[IPCQ_A_QUEUE_RESET + 1] = {
	[IPCQ_A_QUEUE_ID] = { .type = NLA_U32 },
	[IPCQ_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = IPCQ_NAME_MAX },
	[IPCQ_A_QUEUE_RESET] = NLA_POLICY_MASK(NLA_U32, IPCQ_RESET_PEAK |
						IPCQ_RESET_COUNTERS),
};

static const struct nla_policy ipcq_opener_policy[IPCQ_A_OPENER_QUEUE_NAME + 1] = {
	[IPCQ_A_OPENER_QUEUE_ID] = { .type = NLA_U32 },
	[IPCQ_A_OPENER_QUEUE_NAME] = { .type = NLA_NUL_STRING,
				       .len = IPCQ_NAME_MAX },
};

static const struct genl_ops ipcq_ops[] = {
	{
		.cmd = IPCQ_CMD_QUEUE_GET,
		.policy = ipcq_queue_policy,
		.maxattr = ARRAY_SIZE(ipcq_queue_policy) - 1,
		.doit = ipcq_queue_get_doit,
		.start = ipcq_queue_get_start,
		.dumpit = ipcq_queue_get_dumpit,
		.done = ipcq_dump_done,
	}, {
		.cmd = IPCQ_CMD_OPENER_GET,
		.policy = ipcq_opener_policy,
		.maxattr = ARRAY_SIZE(ipcq_opener_policy) - 1,
		.start = ipcq_opener_get_start,
		.dumpit = ipcq_opener_get_dumpit,
		.done = ipcq_dump_done,
	}, {
		.cmd = IPCQ_CMD_TOTALS_GET,
		.doit = ipcq_totals_get_doit,
	}, {
		.cmd = IPCQ_CMD_QUEUE_RESET,
		.policy = ipcq_reset_policy,
		.maxattr = ARRAY_SIZE(ipcq_reset_policy) - 1,
		.doit = ipcq_queue_reset_doit,
	},
};

/* Events tell of everybody's queues: listening is for the privileged. */
static const struct genl_multicast_group ipcq_groups[] = {
	[IPCQ_GROUP_EVENTS] = {
		.name = IPCQ_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family ipcq_family __ro_after_init = {
	.name = IPCQ_FAMILY_NAME,
	.version = IPCQ_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = ipcq_ops,
	.n_ops = ARRAY_SIZE(ipcq_ops),
	.mcgrps = ipcq_groups,
	.n_mcgrps = ARRAY_SIZE(ipcq_groups),
};

static const u8 ipcq_event_command[] = {
	[IPCQ_EVENT_CREATED] = IPCQ_CMD_CREATED_NTF,
	[IPCQ_EVENT_DESTROYED] = IPCQ_CMD_DESTROYED_NTF,
	[IPCQ_EVENT_HIGH_WATER] = IPCQ_CMD_HIGH_WATER_NTF,
	[IPCQ_EVENT_NORMAL] = IPCQ_CMD_NORMAL_NTF,
	[IPCQ_EVENT_DROPPED] = IPCQ_CMD_DROPPED_NTF,
};

static int ipcq_put_event(struct sk_buff *skb, const struct ipcq_queue *q,
			  const struct ipcq_event *event)
{
	if (ipcq_put_identity(skb, q, &init_user_ns) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_DEPTH, event->depth) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_BYTES, event->bytes,
			      IPCQ_A_QUEUE_PAD) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_MAX_MSGS, event->max_msgs) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_MAX_BYTES, event->max_bytes,
			      IPCQ_A_QUEUE_PAD) ||
	    nla_put_u64_64bit(skb, IPCQ_A_QUEUE_SNAPSHOT_NS, event->now_ns,
			      IPCQ_A_QUEUE_PAD))
		return -EMSGSIZE;
	if (event->type != IPCQ_EVENT_DROPPED)
		return 0;
	if (nla_put_u64_64bit(skb, IPCQ_A_QUEUE_DROPPED, event->dropped,
			      IPCQ_A_QUEUE_PAD) ||
	    nla_put_u32(skb, IPCQ_A_QUEUE_DROP_REASON, event->reason))
		return -EMSGSIZE;
	return 0;
}

/**
 * ipcq_netlink_event() - tell listeners of an event
 * @e: the queue's engine
 * @event: what happened
 *
 * A listener that misses it for want of memory gets ENOBUFS.
 *
 * Context: Process context, without locks.  May sleep.
 */
void ipcq_netlink_event(struct ipcq_engine *e, const struct ipcq_event *event)
{
	struct sk_buff *skb;
	void *header;

	if (!genl_has_listeners(&ipcq_family, &init_net, IPCQ_GROUP_EVENTS))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto lost;
	header = genlmsg_put(skb, 0, 0, &ipcq_family, 0,
			     ipcq_event_command[event->type]);
	if (!header || ipcq_put_event(skb, ipcq_queue_of(e), event)) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast(&ipcq_family, skb, 0, IPCQ_GROUP_EVENTS, GFP_KERNEL);
	return;

lost:
	genl_set_err(&ipcq_family, &init_net, 0, IPCQ_GROUP_EVENTS, -ENOBUFS);
}

/**
 * ipcq_netlink_init() - register the family
 *
 * Context: Process context.  May sleep.
 * Return: 0 or a negative errno.
 */
int __init ipcq_netlink_init(void)
{
	return genl_register_family(&ipcq_family);
}

/**
 * ipcq_netlink_exit() - undo ipcq_netlink_init()
 *
 * Context: Process context.  Waits for requests under way.
 */
void ipcq_netlink_exit(void)
{
	genl_unregister_family(&ipcq_family);
}

MODULE_ALIAS_GENL_FAMILY(IPCQ_FAMILY_NAME);
