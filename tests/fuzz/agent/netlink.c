// SPDX-License-Identifier: GPL-2.0-only
/* Requests to the netlink family, mostly well-formed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <linux/ipcq_netlink.h>

#include "memory.h"
#include "names.h"
#include "ops.h"
#include "runner.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

static struct {
	uint16_t family;
	uint32_t group;
} ids;

/* The attribute of that type, in what lies between @at and @end; its size in @size. */
static const char *attr_find(const char *at, const char *end, int type, size_t *size)
{
	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - at)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type) {
			*size = attr->nla_len - NLA_HDRLEN;
			return at + NLA_HDRLEN;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

/* Find out the numbers of the family and of its group. */
int netlink_init(void)
{
	struct {
		struct nlmsghdr nl;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[8];
	} request = {
		.nl = { sizeof(request), GENL_ID_CTRL, NLM_F_REQUEST, 0, 0 },
		.genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attr = { NLA_HDRLEN + sizeof(IPCQ_FAMILY_NAME), CTRL_ATTR_FAMILY_NAME },
		.name = IPCQ_FAMILY_NAME,
	};
	char reply[4096] __attribute__((aligned(4)));
	const char *at, *end;
	ssize_t len = -1;
	size_t size;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	if (send(fd, &request, sizeof(request), 0) > 0)
		len = recv(fd, reply, sizeof(reply), 0);
	close(fd);
	if (len < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN))
		return -ENOENT;
	end = reply + len;
	at = attr_find(reply + NLMSG_LENGTH(GENL_HDRLEN), end, CTRL_ATTR_FAMILY_ID, &size);
	if (!at)
		return -ENOENT;
	memcpy(&ids.family, at, sizeof(ids.family));
	at = attr_find(reply + NLMSG_LENGTH(GENL_HDRLEN), end, CTRL_ATTR_MCAST_GROUPS, &size);
	/* It has one. */
	if (at)
		at = attr_find(at, at + size, 1, &size);
	if (at)
		at = attr_find(at, at + size, CTRL_ATTR_MCAST_GRP_ID, &size);
	if (!at)
		return -ENOENT;
	memcpy(&ids.group, at, sizeof(ids.group));
	return 0;
}

long do_netlink(struct thread *t, const struct op_type *type, const uint64_t *arg)
{
	long fd = RESULT(socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_GENERIC));

	(void)type;
	return fd < 0 ? fd : slot_put(t, arg[0], fd);
}

enum {
	A_FD,
	A_AT,
	A_COMMAND,
	A_FLAGS,
	A_TYPE,
	A_VERSION,
	A_ATTR,
	A_VALUE,
	A_WIDTH,
	A_ATTR2,
	A_VALUE2,
	A_WIDTH2,
	A_BITS,
	A_LESS,
};

/*
 * Add an attribute, if there is one: a number, or where a name belongs and there is room
 * for one, a name.  The number 0 is that of the queue that was made last.
 */
static size_t add(const struct thread *t, char *to, uint64_t type, uint64_t value,
		  uint64_t width, uint64_t bits)
{
	struct nlattr attr;
	char name[IPCQ_NAME_MAX + 1] = "";

	if (!type)
		return 0;
	if (width >= sizeof(name)) {
		width = sizeof(name);
		name_fill(name, value, t->worker);
		if (memchr(name, 0, sizeof(name)))
			width = strlen(name) + 1;
	} else {
		if (!value)
			value = *t->created;
		width = width > 8 ? 8 : width;
		memcpy(name, &value, width);
	}
	attr.nla_len = NLA_HDRLEN + width;
	attr.nla_type = type | bits;
	memcpy(to, &attr, sizeof(attr));
	memcpy(to + NLA_HDRLEN, name, NLA_ALIGN(width) <= sizeof(name) ? NLA_ALIGN(width) : width);
	return NLA_ALIGN(attr.nla_len);
}

long do_request(struct thread *t, const struct op_type *type, const uint64_t *arg)
{
	struct {
		struct nlmsghdr nl;
		struct genlmsghdr genl;
		char attrs[256];
	} request = {
		.nl = {
			.nlmsg_type = arg[A_TYPE] ? arg[A_TYPE] : ids.family,
			.nlmsg_flags = arg[A_FLAGS],
		},
		.genl = { .cmd = arg[A_COMMAND], .version = arg[A_VERSION] },
	};
	size_t size = NLMSG_LENGTH(GENL_HDRLEN);
	int fd = slot_get(t, arg[A_FD]);
	void *at;

	(void)type;
	if (fd < 0)
		return OP_SKIPPED;
	size += add(t, (char *)&request + size, arg[A_ATTR], arg[A_VALUE], arg[A_WIDTH],
		    arg[A_BITS] & (NLA_F_NESTED | NLA_F_NET_BYTEORDER));
	size += add(t, (char *)&request + size, arg[A_ATTR2], arg[A_VALUE2], arg[A_WIDTH2], 0);
	request.nl.nlmsg_len = size - (int)arg[A_LESS];
	at = pointer_own(t, arg[A_AT], size);
	if (at)
		memcpy(at, &request, size);
	return RESULT(send(fd, (void *)(uintptr_t)pointer_address(t, arg[A_AT]), size,
			   MSG_DONTWAIT | MSG_NOSIGNAL));
}

long do_reply(struct thread *t, const struct op_type *type, const uint64_t *arg)
{
	int fd = slot_get(t, arg[0]);

	(void)type;
	if (fd < 0)
		return OP_SKIPPED;
	return RESULT(recv(fd, (void *)(uintptr_t)pointer_address(t, arg[1]), arg[2],
			   (arg[3] & (MSG_PEEK | MSG_TRUNC)) | MSG_DONTWAIT));
}

long do_group(struct thread *t, const struct op_type *type, const uint64_t *arg)
{
	uint32_t value = ids.group + arg[2];
	int fd = slot_get(t, arg[0]);

	(void)type;
	if (fd < 0)
		return OP_SKIPPED;
	return RESULT(setsockopt(fd, SOL_NETLINK, arg[1], &value, sizeof(value)));
}
