/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that take part in a scenario. */
#ifndef CREW_H
#define CREW_H

#include <stddef.h>
#include <sys/types.h>

/**
 * struct crew - processes that were started
 * @pids: theirs
 * @count: how many
 */
struct crew {
	pid_t *pids;
	unsigned int count;
};

/*
 * Fork a process that calls @work and ends.  If @cpu is not negative it stays on that
 * processor, modulo how many there are.
 */
void crew_add(struct crew *crew, int cpu, void (*work)(void *arg, unsigned int number),
	      void *arg, unsigned int number);

/* Wait until all have ended; if one failed, end the program. */
void crew_wait(struct crew *crew);

/* Stay on processor @cpu modulo how many there are; on any, if it is negative. */
void stay_on(int cpu);

/* Memory that the processes share. */
void *shared_new(size_t size);
void shared_free(void *memory, size_t size);

#endif /* CREW_H */
