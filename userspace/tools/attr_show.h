/* SPDX-License-Identifier: GPL-2.0-only */
/* The attributes of queues, for people and in JSON. */
#ifndef ATTR_SHOW_H
#define ATTR_SHOW_H

#include <ipcq.h>

#include "buffer.h"

/**
 * struct queue_view - what can be seen of a queue
 * @name: its name
 * @uid: owner, @gid: group, @mode: permissions, of its node in /dev/ipcq
 * @readable: @attr is known too: the node's mode let us look
 */
struct queue_view {
	char name[IPCQ_NAME_MAX + 1];
	uint32_t uid;
	uint32_t gid;
	uint32_t mode;
	bool readable;
	struct ipcq_attr attr;
};

/* Append a JSON object. */
void view_add_json(struct buffer *out, const struct queue_view *view);

/* Append a line for each attribute. */
void view_add_lines(struct buffer *out, const struct queue_view *view);

/* Append a table of @count queues, with a line of headings: @brief ones if asked. */
void views_add_table(struct buffer *out, const struct queue_view *views, size_t count,
		     bool brief);

#endif /* ATTR_SHOW_H */
