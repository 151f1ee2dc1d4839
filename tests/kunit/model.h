/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference: what a queue does, said as simply as can be.
 *
 * Everything is an array that is searched from its beginning, nothing runs at the
 * same time as anything else, and after each step one function does whatever has
 * become possible.  It shares no code with the engine but the names of counters.
 */
#ifndef MODEL_H
#define MODEL_H

#include "queue.h"

#define MODEL_MESSAGES	64
#define MODEL_PARTIES	3
#define MODEL_CALLS	6
#define MODEL_EVENTS	8

/* What a call returns that does not return yet. */
#define MODEL_BLOCKS	1

/**
 * enum model_fault - how a model can be made wrong, to see that this is noticed
 * @MODEL_RIGHT: not at all
 * @MODEL_LAST_FIRST: the last of equal messages is received first
 * @MODEL_ONE_MORE: room for one message more
 * @MODEL_FORGETS_SENDERS: room that becomes free goes to nobody who waits
 * @MODEL_COUNTS_TWICE: a message that is given back stays counted as received
 */
enum model_fault {
	MODEL_RIGHT,
	MODEL_LAST_FIRST,
	MODEL_ONE_MORE,
	MODEL_FORGETS_SENDERS,
	MODEL_COUNTS_TWICE,
};

struct model_message {
	u32 id;
	u32 prio;
	u32 size;
	u64 seq;
};

/**
 * struct model_party - an opener
 * @access: IPCQ_ACCESS_*, 0 if it is not there
 * @lost_seen: losses it was told of
 * @busy: calls and messages it has under way
 */
struct model_party {
	u32 access;
	u64 lost_seen;
	u32 busy;
};

/**
 * struct model_receipt - what a receive gave
 * @m: the message
 * @lost: losses told
 * @needed: the room that was missing
 * @resets: resets before it
 */
struct model_receipt {
	struct model_message m;
	u64 lost;
	u32 needed;
	u32 resets;
};

/**
 * struct model_call - a call that blocks or has blocked
 * @party: through which opener
 * @sends: it is a send
 * @m: what it sends
 * @room: of a receive
 * @result: MODEL_BLOCKS, then what it returns
 * @receipt: what it received
 */
struct model_call {
	u32 party;
	bool sends;
	struct model_message m;
	u32 room;
	int result;
	struct model_receipt receipt;
};

struct model {
	enum model_fault fault;
	struct ipcq_config config;
	struct model_message waiting[MODEL_MESSAGES];
	u32 depth;
	u32 peak_depth;
	u64 peak_bytes;
	u64 last_seq;
	u64 lost;
	u32 resets;
	u32 shut;
	bool had_sender;
	bool had_receiver;
	bool above;
	struct model_party party[MODEL_PARTIES];
	struct model_call call[MODEL_CALLS];
	/* Calls that block, in their order. */
	u32 line[MODEL_CALLS];
	u32 in_line;
	u64 counter[IPCQ_NR_COUNTERS];
	enum ipcq_event_type event[MODEL_EVENTS];
	u32 events;
};

void model_init(struct model *m, const struct ipcq_config *config,
		enum model_fault fault);

int model_send(struct model *m, u32 party, struct model_message msg, int otherwise,
	       bool counted, u32 call);
int model_receive(struct model *m, u32 party, u32 room, int otherwise, bool counted,
		  u32 call, struct model_receipt *receipt);
void model_give_back(struct model *m, u32 party, const struct model_receipt *receipt);
void model_interrupt(struct model *m, u32 call);
void model_join(struct model *m, u32 party, u32 access);
void model_leave(struct model *m, u32 party);
void model_shut(struct model *m, u32 how);
int model_reconfigure(struct model *m, u32 mask, const struct ipcq_config *config);
u32 model_purge(struct model *m);
void model_reset(struct model *m, bool peak, bool counters);

u64 model_bytes(const struct model *m);
u32 model_with(const struct model *m, u32 access);
u32 model_blocked(const struct model *m, bool sends);
__poll_t model_poll(const struct model *m, u32 access);

#endif /* MODEL_H */
