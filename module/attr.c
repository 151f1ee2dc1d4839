// SPDX-License-Identifier: GPL-2.0-only
/* Checks and conversions of struct ipcq_attr, and the limits of one queue. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "attr.h"
#include "registry.h"

static unsigned int max_msgs_limit = 65536;
module_param(max_msgs_limit, uint, 0644);
MODULE_PARM_DESC(max_msgs_limit, "greatest max_msgs of a queue (65536)");

static unsigned long max_bytes_limit = 16UL << 20;
module_param(max_bytes_limit, ulong, 0644);
MODULE_PARM_DESC(max_bytes_limit, "greatest max_bytes of a queue (16 MiB)");

static unsigned int max_msg_size_limit = 1U << 20;
module_param(max_msg_size_limit, uint, 0644);
MODULE_PARM_DESC(max_msg_size_limit, "greatest max_msg_size of a queue (1 MiB)");

#define IPCQ_FLAGS_SETTABLE	(IPCQ_F_EPHEMERAL | IPCQ_F_HANGUP)
#define IPCQ_FLAGS_KNOWN	(IPCQ_FLAGS_SETTABLE | IPCQ_F_ANONYMOUS | \
				 IPCQ_F_UNLINKED | IPCQ_F_SHUT_SEND | \
				 IPCQ_F_SHUT_RECV | IPCQ_F_MAPPED)
#define IPCQ_ATTR_CHANGEABLE	(IPCQ_ATTR_FLAGS | IPCQ_ATTR_ORDER | \
				 IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | \
				 IPCQ_ATTR_MAX_MSG_SIZE | \
				 IPCQ_ATTR_HIGH_PCT | IPCQ_ATTR_LOW_PCT)
#define IPCQ_ATTR_KNOWN		(IPCQ_ATTR_CHANGEABLE | IPCQ_ATTR_MODE | \
				 IPCQ_ATTR_UID | IPCQ_ATTR_GID)

/**
 * ipcq_config_default() - the configuration of a queue of which nothing was said
 * @config: filled in
 */
void ipcq_config_default(struct ipcq_config *config)
{
	*config = (struct ipcq_config) {
		.order = IPCQ_ORDER_FIFO,
		.max_bytes = 1 << 20,
		.max_msgs = 1024,
		.max_msg_size = 64 << 10,
		.high_pct = 80,
		.low_pct = 50,
	};
}

/**
 * ipcq_name_is_valid() - can a queue be called that
 * @name: NUL-terminated
 *
 * Return: whether @name is 1 to IPCQ_NAME_MAX of ``A-Za-z0-9._-`` without a leading
 * dot, and not the control device's.
 */
bool ipcq_name_is_valid(const char *name)
{
	const char *c;

	if (!*name || *name == '.' || strlen(name) > IPCQ_NAME_MAX ||
	    !strcmp(name, "control"))
		return false;
	for (c = name; *c; c++) {
		if (!isascii(*c) || (!isalnum(*c) && !strchr("._-", *c)))
			return false;
	}
	return true;
}

/* Is a value from 1 to an end that nothing moves, and within the limit? */
static int ipcq_check_capacity(u64 value, u64 end, u64 limit)
{
	if (!value || value > end)
		return -EINVAL;
	if (value > limit && !capable(CAP_SYS_RESOURCE))
		return -ENOSPC;
	return 0;
}

/**
 * ipcq_attr_parse_change() - check the attributes that can change
 * @attr: what user space gave
 * @anonymous: the queue has no name
 * @config: the given fields are stored here
 *
 * Context: Process context.
 * Return: 0, -EINVAL, or -ENOSPC above the limits of one queue.
 */
int ipcq_attr_parse_change(const struct ipcq_attr *attr, bool anonymous,
			   struct ipcq_config *config)
{
	int err;

	if (attr->mask & ~IPCQ_ATTR_CHANGEABLE)
		return -EINVAL;
	if (attr->mask & IPCQ_ATTR_FLAGS) {
		if (attr->flags & ~IPCQ_FLAGS_KNOWN)
			return -EINVAL;
		config->flags = attr->flags & IPCQ_FLAGS_SETTABLE;
	}
	if (anonymous)
		config->flags = IPCQ_F_HANGUP;
	if (attr->mask & IPCQ_ATTR_ORDER) {
		if (attr->order > IPCQ_ORDER_PRIORITY)
			return -EINVAL;
		config->order = attr->order;
	}
	if (attr->mask & IPCQ_ATTR_MAX_MSGS) {
		err = ipcq_check_capacity(attr->max_msgs, IPCQ_MAX_MSGS,
					  READ_ONCE(max_msgs_limit));
		if (err)
			return err;
		config->max_msgs = attr->max_msgs;
	}
	if (attr->mask & IPCQ_ATTR_MAX_BYTES) {
		err = ipcq_check_capacity(attr->max_bytes, IPCQ_MAX_BYTES,
					  READ_ONCE(max_bytes_limit));
		if (err)
			return err;
		config->max_bytes = attr->max_bytes;
	}
	if (attr->mask & IPCQ_ATTR_MAX_MSG_SIZE) {
		err = ipcq_check_capacity(attr->max_msg_size, IPCQ_MAX_MSG_SIZE,
					  READ_ONCE(max_msg_size_limit));
		if (err)
			return err;
		config->max_msg_size = attr->max_msg_size;
	}
	if (attr->mask & IPCQ_ATTR_HIGH_PCT) {
		if (!attr->high_pct || attr->high_pct > 100)
			return -EINVAL;
		config->high_pct = attr->high_pct;
	}
	if (attr->mask & IPCQ_ATTR_LOW_PCT) {
		if (attr->low_pct >= 100)
			return -EINVAL;
		config->low_pct = attr->low_pct;
	}
	return 0;
}

static int ipcq_parse_owner(const struct ipcq_attr *attr,
			    struct ipcq_identity *identity)
{
	current_euid_egid(&identity->uid, &identity->gid);

	if (attr->mask & IPCQ_ATTR_UID) {
		kuid_t uid = make_kuid(current_user_ns(), attr->uid);

		if (!uid_valid(uid))
			return -EINVAL;
		if (!uid_eq(uid, identity->uid) && !capable(CAP_CHOWN))
			return -EPERM;
		identity->uid = uid;
	}
	if (attr->mask & IPCQ_ATTR_GID) {
		kgid_t gid = make_kgid(current_user_ns(), attr->gid);

		if (!gid_valid(gid))
			return -EINVAL;
		if (!in_egroup_p(gid) && !capable(CAP_CHOWN))
			return -EPERM;
		identity->gid = gid;
	}
	return 0;
}

/**
 * ipcq_attr_parse_new() - check everything about a queue to be made
 * @create: what user space gave
 * @identity: filled in
 * @config: filled in
 *
 * Context: Process context.
 * Return: 0, -EINVAL, -ENOSPC, or -EPERM for an owner or group that the task may
 * not give.
 */
int ipcq_attr_parse_new(const struct ipcq_create *create,
			struct ipcq_identity *identity,
			struct ipcq_config *config)
{
	const char *name = create->name;
	struct ipcq_attr attr = create->attr;
	bool anonymous = !*name;
	int err;

	if (attr.mask & ~IPCQ_ATTR_KNOWN || create->flags & ~IPCQ_CREATE_UMASK)
		return -EINVAL;
	if (strnlen(name, sizeof(create->name)) == sizeof(create->name))
		return -EINVAL;
	if (!anonymous && !ipcq_name_is_valid(name))
		return -EINVAL;
	strscpy(identity->name, name, sizeof(identity->name));

	identity->mode = 0600;
	if (attr.mask & IPCQ_ATTR_MODE) {
		if (attr.mode & ~0777)
			return -EINVAL;
		identity->mode = attr.mode;
	}
	if (create->flags & IPCQ_CREATE_UMASK)
		identity->mode &= ~current_umask();
	err = ipcq_parse_owner(&attr, identity);
	if (err)
		return err;

	attr.mask &= IPCQ_ATTR_CHANGEABLE;
	ipcq_config_default(config);
	err = ipcq_attr_parse_change(&attr, anonymous, config);
	if (err)
		return err;
	/* Whoever asks for a small queue need not size its messages as well. */
	if (!(attr.mask & IPCQ_ATTR_MAX_MSG_SIZE))
		config->max_msg_size = min_t(u64, config->max_msg_size,
					     config->max_bytes);
	return ipcq_config_is_valid(config) ? 0 : -EINVAL;
}

/**
 * ipcq_attr_fill() - show a queue's attributes to user space
 * @q: the queue
 * @attr: filled in
 *
 * Context: Process context.  May sleep.
 */
void ipcq_attr_fill(struct ipcq_queue *q, struct ipcq_attr *attr)
{
	struct ipcq_snapshot snap;

	ipcq_snap(&q->engine, &snap, NULL);
	memset(attr, 0, sizeof(*attr));
	attr->mask = IPCQ_ATTR_KNOWN;
	attr->flags = ipcq_queue_flags(q, &snap);
	attr->order = snap.config.order;
	attr->max_msgs = snap.config.max_msgs;
	attr->max_bytes = snap.config.max_bytes;
	attr->max_msg_size = snap.config.max_msg_size;
	attr->high_pct = snap.config.high_pct;
	attr->low_pct = snap.config.low_pct;
	attr->mode = q->identity.mode;
	attr->uid = from_kuid_munged(current_user_ns(), q->identity.uid);
	attr->gid = from_kgid_munged(current_user_ns(), q->identity.gid);
	attr->id = q->id;
	attr->depth = snap.depth;
	attr->bytes = snap.bytes;
	strscpy(attr->name, q->identity.name, sizeof(attr->name));
}
