/* SPDX-License-Identifier: GPL-2.0-only */
/* Take messages from a queue without ever holding one that cannot be put down. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include "sink.h"

/**
 * struct receiver - how messages are taken
 * @queue: descriptor of the queue
 * @nonblock: do not wait for messages
 * @timeout_ns: nor longer than that, for each; negative for no limit
 * @sink: where they go; it is prepared for each before it is taken
 * @room: size of @data
 * @fixed: @room stays as it is
 * @data: the payload
 */
struct receiver {
	int queue;
	bool nonblock;
	int64_t timeout_ns;
	struct sink *sink;
	size_t room;
	bool fixed;
	char *data;
};

/* The message that was received last; static, for interrupt.h. */
extern struct ipcq_msg received;

enum receive_status {
	RECEIVED,
	RECEIVE_INTERRUPTED,	/* see interrupt.h; nothing was taken */
	RECEIVE_FAILED,		/* errno says why; nothing was taken */
	RECEIVE_UNPREPARED,	/* the sink has said why; nothing was taken */
};

/* Receive a message. */
enum receive_status receive(struct receiver *receiver);

#endif /* RECEIVER_H */
