/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of every message of a storm.
 *
 * Its sender writes down that it is about to send it, and afterwards what the call
 * returned; its receiver, that it has come.  The ledger is memory that all share, so what
 * is written stays when its writer is killed.  Between two steps of a writer that can
 * only be:
 *
 *	sender					receiver
 *	  outcome = unknown			  inbox emptied, new call number
 *	  send					  receive into the inbox
 *	  outcome = accepted or refused		  receipt = number of the call
 *						  parcel taken out of the inbox
 *
 * A sender that is killed leaves the messages of one call unknown: the queue may have
 * accepted them.  How many it did, its counters tell.  Of a receiver nothing remains
 * unknown, since the inbox is shared as well: a whole parcel in it has been received, by
 * the call whose number stands there, and who audits the inbox writes what the receiver
 * could not.  That it had done so already is seen by the number.  A message that two
 * calls have received has two numbers.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ipcq.h>

#define LEDGER_ROOM	(1u << 16)	/* messages */
#define LEDGER_SENDERS	64
#define PARCEL_MAX	(16u << 10)	/* bytes of the largest message */
#define INBOX_MAX	8		/* messages of one call */
#define INBOX_WALL	(64u << 10)	/* no page is larger */

enum outcome { OUTCOME_NONE, OUTCOME_UNKNOWN, OUTCOME_ACCEPTED, OUTCOME_REFUSED };

/**
 * enum channel - what is expected of the queue that a message is sent to
 * @LINE: nothing is lost, and one receiver gets all in the order of each sender
 * @CROWD: nothing is lost; many receivers
 * @POLLED: the same, and all receivers poll
 * @LOOSE: what is lost is counted; such queues come and go
 */
enum channel { LINE, CROWD, POLLED, LOOSE, CHANNELS };

/**
 * struct parcel - a message
 * @sum: of all that follows
 * @round: of the storm
 * @id: place in the ledger
 * @size: of the message
 * @channel: enum channel
 * @sender: who sends it
 * @number: of the sender, ascending
 * @filling: anything
 */
struct parcel {
	uint64_t sum;
	uint32_t round;
	uint32_t id;
	uint32_t size;
	uint16_t channel;
	uint16_t sender;
	uint64_t number;
	unsigned char filling[];
};

/**
 * struct entry - a message in the ledger
 * @receipt: number of the call that has received it, or 0
 * @outcome: enum outcome, as its sender knows it
 * @channel: enum channel
 */
struct entry {
	_Atomic uint64_t receipt;
	_Atomic unsigned char outcome;
	unsigned char channel;
};

/**
 * struct ledger - all messages of one round of a storm
 * @round: which
 * @calls: number of the last call to receive
 * @used: entries that are taken; may pass the end
 * @wrong: what must not be, and was said on stderr
 * @last: of each sender, the number received last on the channel LINE
 * @entries: by id
 */
struct ledger {
	uint32_t round;
	_Atomic uint64_t calls;
	_Atomic uint32_t used;
	_Atomic uint32_t wrong;
	_Atomic uint64_t last[LEDGER_SENDERS];
	struct entry entries[LEDGER_ROOM];
};

/**
 * struct inbox - where a receiver receives
 * @call: the number of the call that is made
 * @count: how many messages it may receive
 * @is_batch: they come as records, one after the other in @room
 * @parcel: where the only one would lie, if not
 * @msg: what else that one is told
 * @room: for the parcels
 * @wall: kept from the receiver, who thereby has memory that ends
 */
struct inbox {
	_Atomic uint64_t call;
	_Atomic uint32_t count;
	_Atomic bool is_batch;
	struct parcel *parcel;
	struct ipcq_msg msg;
	unsigned char room[INBOX_MAX * IPCQ_RECORD_SPACE(PARCEL_MAX)]
		__attribute__((aligned(INBOX_WALL)));
	unsigned char wall[INBOX_WALL] __attribute__((aligned(INBOX_WALL)));
};

/**
 * struct tally - what the ledger says when all is over
 * @accepted: that their senders know to be
 * @unknown: whose senders were killed
 * @unknown_received: of those, received
 * @received: all
 * @lost: accepted and not received
 */
struct tally {
	uint64_t accepted;
	uint64_t unknown;
	uint64_t unknown_received;
	uint64_t received;
	uint64_t lost;
};

void ledger_wrong(struct ledger *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void ledger_begin(struct ledger *l, uint32_t round);
bool ledger_is_full(const struct ledger *l);
bool parcel_make(struct ledger *l, struct parcel *p, uint32_t size, enum channel channel,
		 unsigned int sender, uint64_t number);
void parcel_sent(struct ledger *l, const struct parcel *p, bool accepted);

void inbox_begin(struct ledger *l, struct inbox *in, uint32_t room);
void inbox_begin_batch(struct ledger *l, struct inbox *in);
void inbox_received(struct ledger *l, struct inbox *in, uint64_t size);
void inbox_received_batch(struct ledger *l, struct inbox *in, unsigned int count);
void inbox_audit(struct ledger *l, struct inbox *in);

struct tally ledger_tally(struct ledger *l, enum channel channel);

#endif /* LEDGER_H */
