/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a case.
 *
 * Thread 0 does its operations itself and hands those of the others over; it does not
 * wait for them.  An alarm goes off every few milliseconds: it interrupts whatever is
 * blocked, so that every case comes to its end.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "case.h"

struct mapping {
	void *at;
	size_t size;
};

/**
 * struct thread - who does operations
 * @index: 0 is the one that runs the case
 * @worker: number of the process
 * @slots: descriptors, -1 where there is none; those of a child process are its own
 * @maps: mappings; used by the threads at once, but changed by the first only
 * @created: number of the queue that was made last; a guess if threads make some at once
 * @is_changed: the thread has another user or mask of signals than when the case began
 * @done: operations done
 */
struct thread {
	unsigned int index;
	unsigned int worker;
	_Atomic int *slots;
	struct mapping *maps;
	_Atomic uint32_t *created;
	_Atomic uint32_t is_changed;
	_Atomic uint64_t done;
};

/* Descriptors of the agent's own, far from those that cases have. */
#define OWN_FD	900

int fd_move_up(int fd);
int slot_get(const struct thread *t, uint64_t slot);
long slot_put(struct thread *t, uint64_t slot, int fd);

int runner_init(unsigned int worker);
void runner_run(const struct fuzz_case *c);
void runner_reset(void);
int runner_slot(unsigned int slot);
uint64_t runner_done(void);
void runner_made(struct thread *t, int fd);
long runner_signal(unsigned int thread, int signo);
int runner_store(void);

#endif /* RUNNER_H */
