/* SPDX-License-Identifier: GPL-2.0-only */
/* Sequences of operations, run against both the engine and the model. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <kunit/test.h>

#include "model.h"

/**
 * enum op_kind - what is done to a queue
 * @OP_SEND: send, without blocking or in a thread
 * @OP_RECEIVE: receive likewise; the message is freed, or held
 * @OP_GIVE_BACK: give a held message back
 * @OP_PURGE: purge
 * @OP_SHUT: shut directions, or open them
 * @OP_RECONFIGURE: change attributes
 * @OP_JOIN: an opener comes
 * @OP_LEAVE: an opener goes
 * @OP_RESET: set back marks or counters
 * @OP_SIGNAL: interrupt a call that blocks
 * @NR_OPS: how many kinds there are
 */
enum op_kind {
	OP_SEND,
	OP_RECEIVE,
	OP_GIVE_BACK,
	OP_PURGE,
	OP_SHUT,
	OP_RECONFIGURE,
	OP_JOIN,
	OP_LEAVE,
	OP_RESET,
	OP_SIGNAL,
	NR_OPS
};

/**
 * struct op - one operation
 * @kind: enum op_kind
 * @a: by which opener, or of which of several
 * @b: priority, or room
 * @c: size, or what to do afterwards
 * @d: how long to wait
 *
 * Any numbers make a valid operation, whatever was before it: they are taken
 * modulo what there is.  So operations can be left out of a sequence.
 */
struct op {
	u8 kind;
	u8 a;
	u8 b;
	u8 c;
	u8 d;
};

/**
 * struct verdict - what came of a sequence
 * @at: the operation after which engine and model differed, or -1
 * @what: in what
 */
struct verdict {
	int at;
	char what[100];
};

void sequence_run(struct kunit *test, const struct op *ops, unsigned int nr,
		  enum model_fault fault, unsigned int patience_ms,
		  struct verdict *verdict);

#endif /* SEQUENCE_H */
