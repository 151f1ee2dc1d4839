/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mechanism is one way to hand messages over.  Each is a struct of functions in a
 * file of mechanisms/, and a line in mechanisms.c; the scenarios know no more of it
 * than what stands here.
 *
 * Every function ends the program when it fails: a figure of something that did not
 * work is no figure.
 */
#ifndef MECHANISM_H
#define MECHANISM_H

#include <stdbool.h>
#include <stddef.h>

/* What a mechanism can do; a scenario is run with those that can what it needs. */
#define CAN_DELIVER	(1u << 0)	/* what is received is what was sent */
#define CAN_SHARE	(1u << 1)	/* several senders and several receivers */
#define CAN_PRIORITY	(1u << 2)	/* has send_prio, and the highest comes first */
#define CAN_POLL	(1u << 3)	/* recv_fd tells when a message waits */
#define CAN_BOUND	(1u << 4)	/* no more can wait than need.depth, if that is exact */

/*
 * The bytes in front of every payload, for mechanisms that want something there
 * (System V: the type).
 */
#define HEADROOM	16

/**
 * struct need - what a scenario wants of a channel
 * @size: bytes in every message
 * @depth: messages that must fit without anybody receiving
 * @exact: no more must fit; otherwise a mechanism may have more room than it needs
 * @priority: messages have priorities
 */
struct need {
	size_t size;
	unsigned int depth;
	bool exact;
	bool priority;
};

/**
 * struct channel - one queue, pipe, pair of sockets ...; survives fork(2)
 * @mech: which kind
 * @need: what it was opened for
 * @recv_fd: where to receive; what to poll
 * @send_fd: where to send
 * @state: what else the mechanism needs
 */
struct channel {
	const struct mechanism *mech;
	struct need need;
	int recv_fd;
	int send_fd;
	void *state;
};

/**
 * struct mechanism - how to use one
 * @name: as in results and in --mechanism
 * @what: the calls that a message takes
 * @can: CAN_*
 * @max_depth: most messages that can wait; 0: as many as there is memory for
 * @max_size: bytes of the largest message; 0: any
 * @missing: what this kernel or module lacks for it, or NULL if it lacks nothing; then
 *	there are no figures of it, and the results say why.  NULL if it is always there
 * @open: make a channel that meets channel->need
 * @send: send one message of @size bytes; @data has HEADROOM bytes in front
 * @recv: receive one message of exactly @size bytes
 * @send_prio: the same as @send, with a priority
 * @send_many: send @count such messages with as few calls as it takes; if there is
 *	no better way than @send, NULL
 * @recv_many: the same for receiving: the last one is left in @data
 * @reply: send one message on @to and receive one from @from with one call; if it takes
 *	two, NULL
 * @only: the one scenario in which it is another mechanism than the one it is made of,
 *	or NULL
 * @close: take it away
 */
struct mechanism {
	const char *name;
	const char *what;
	unsigned int can;
	unsigned int max_depth;
	size_t max_size;
	const char *(*missing)(void);
	void (*open)(struct channel *channel);
	void (*send)(struct channel *channel, char *data, size_t size);
	void (*recv)(struct channel *channel, char *data, size_t size);
	void (*send_prio)(struct channel *channel, char *data, size_t size, unsigned int prio);
	void (*send_many)(struct channel *channel, char *data, size_t size,
			  unsigned int count);
	void (*recv_many)(struct channel *channel, char *data, size_t size,
			  unsigned int count);
	void (*reply)(struct channel *to, char *out, struct channel *from, char *in,
		      size_t size);
	const char *only;
	void (*close)(struct channel *channel);
};

extern const struct mechanism *const mechanisms[];
extern const size_t nr_mechanisms;

void channel_open(struct channel *channel, const struct mechanism *mech,
		  const struct need *need);
void channel_close(struct channel *channel);

/* Send and receive @count messages, in the best way that the mechanism has. */
void channel_send_many(struct channel *channel, char *data, unsigned int count);
void channel_recv_many(struct channel *channel, char *data, unsigned int count);

/* Send a message on one channel and receive one from another, in the best way. */
void channel_reply(struct channel *to, char *out, struct channel *from, char *in);

/* For mechanisms that are descriptors: close both, once if they are one. */
void close_descriptors(struct channel *channel);

/* The same for those whose messages write(2) and read(2) carry. */
void send_by_write(struct channel *channel, char *data, size_t size);
void recv_by_read(struct channel *channel, char *data, size_t size);

#endif /* MECHANISM_H */
