/* SPDX-License-Identifier: GPL-2.0-only */
/* What is measured: instructions, or nanoseconds. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Measure in instructions (the guest's time stamp counter), else in nanoseconds. */
void clock_choose(bool counted);

const char *clock_unit(void);

uint64_t clock_now(void);

/*
 * What clock_now() itself adds between two readings; to be taken off every
 * measurement.  Zero until clock_calibrate().
 */
uint64_t clock_overhead(void);

/*
 * Find the overhead.  If instructions are counted, a loop of known length must then
 * read as @length instructions for every round of it (LOOP_LENGTH is right) up to
 * 0.1 %; else say what it read as and return false.
 */
#define LOOP_LENGTH	2
bool clock_calibrate(unsigned int length);

/*
 * If instructions are counted, wait until just after a tick of the machine: what follows
 * then is at the same distance from the next one on every run, and what was due has been
 * done meanwhile.
 */
void clock_settle(void);

#endif /* CLOCK_H */
