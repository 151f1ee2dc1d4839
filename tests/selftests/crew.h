/* SPDX-License-Identifier: GPL-2.0-only */
/* Those who make a storm: what each does until it is told to end, or killed. */
#ifndef CREW_H
#define CREW_H

#include "ipcq_test.h"
#include "ledger.h"
#include "machine.h"

#define LOOSE_QUEUES	3
#define WORKERS_MAX	LEDGER_SENDERS

enum phase { PHASE_STORM, PHASE_END };

/**
 * enum part - what a worker does; in the order in which they end
 * @PART_TROUBLE: neither sends nor receives on the channels that lose nothing, and never
 *	blocks for long
 * @PART_SEND: sends on such a channel
 * @PART_RECEIVE: receives there until its end of file
 * @PART_LOOSE: uses queues that come and go, and may block for ever until a signal comes
 */
enum part { PART_TROUBLE, PART_SEND, PART_RECEIVE, PART_LOOSE, PARTS };

struct storm;
struct worker;

/**
 * struct post - what there is to do
 * @name: what for
 * @work: returns only in PHASE_END, or if something is wrong
 * @part: see there
 * @channel: enum channel
 * @number: how many do it
 * @poor: they have little memory
 * @vital: must not be killed
 */
struct post {
	const char *name;
	int (*work)(struct storm *storm, struct worker *w);
	enum part part;
	enum channel channel;
	unsigned int number;
	bool poor;
	bool vital;
};

/**
 * struct worker - one process of the crew, and those that follow when it is killed
 * @post: what it does
 * @pid: of the process, 0 if there is none
 * @stopped: by SIGSTOP
 * @spared: neither killed nor stopped nor sent a signal in this round: that would wake
 *	it when nobody else does
 * @place: among all workers
 * @seed: of its choices
 * @sent: number of its last message
 * @calls: how often it has called
 * @inbox: where it receives
 */
struct worker {
	const struct post *post;
	pid_t pid;
	bool stopped;
	bool spared;
	unsigned int place;
	unsigned int seed;
	uint64_t sent;
	_Atomic unsigned long calls;
	struct inbox inbox;
};

#define ERRNO_MAX	200

/**
 * struct storm - what all share
 * @ledger: see there
 * @phase: enum phase
 * @queues: of the channels that lose nothing
 * @loose: names of those that come and go
 * @prefix: with which the names of all other queues begin
 * @group: of the poor
 * @sends: by errno, how often a call to send ended so; [0] with success
 * @recvs: the same for calls to receive
 * @others: the same for calls that make, open or change queues
 * @events: that listeners heard of
 * @processors: that came back
 * @nr_workers: in @workers
 * @workers: by place
 */
struct storm {
	struct ledger ledger;
	_Atomic int phase;
	struct queue queues[LOOSE];
	char loose[LOOSE_QUEUES][IPCQ_NAME_MAX + 1];
	char prefix[32];
	struct memory_group group;
	_Atomic unsigned long sends[ERRNO_MAX];
	_Atomic unsigned long recvs[ERRNO_MAX];
	_Atomic unsigned long others[ERRNO_MAX];
	_Atomic unsigned long events;
	_Atomic unsigned long processors;
	unsigned int nr_workers;
	struct worker workers[WORKERS_MAX];
};

extern const struct post posts[];
extern const unsigned int nr_posts;

void worker_start(struct storm *storm, struct worker *w, unsigned int seed);
unsigned int drain_into_ledger(struct storm *storm, struct inbox *in, int fd);

#endif /* CREW_H */
