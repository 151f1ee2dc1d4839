/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a sender has come: a line on a terminal that is kept up to date by a thread
 * of its own, so that the sender itself can stay blocked in its place in the queue of
 * senders.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress_now - what the sender does, for the thread to read
 * @messages: sent
 * @bytes: sent
 * @done: of the total that progress_begin() was told
 * @sending: is a send under way
 */
struct progress_now {
	_Atomic uint64_t messages;
	_Atomic uint64_t bytes;
	_Atomic uint64_t done;
	_Atomic bool sending;
};

extern struct progress_now progress_now;

/*
 * Show progress on stderr, if that is a terminal, from a second after now on.
 * @total is what progress_now.done will reach; 0 if that is not known.
 */
void progress_begin(uint64_t total);

/* Wipe the line out. */
void progress_end(void);

#endif /* PROGRESS_H */
