// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "clock.h"

#define ROUNDS		200000
#define ATTEMPTS	21

static bool counts;
static uint64_t overhead;

void clock_choose(bool counted)
{
	counts = counted;
}

const char *clock_unit(void)
{
	return counts ? "instructions" : "ns";
}

/*
 * With -icount shift=0 the guest's time stamp counter advances by one for every
 * instruction, whatever the kernel makes of it for its clocks.
 */
static uint64_t instructions(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	errx(1, "instructions can be counted on x86-64 only");
#endif
}

uint64_t clock_now(void)
{
	struct timespec now;

	if (counts)
		return instructions();
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		err(1, "clock_gettime");
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

uint64_t clock_overhead(void)
{
	return overhead;
}

/* Two instructions a round, and no memory. */
static void loop(uint64_t rounds)
{
#if defined(__x86_64__)
	__asm__ volatile("1:\tdec %0\n\tjnz 1b" : "+r" (rounds));
#else
	while (rounds--)
		__asm__ volatile("");
#endif
}

/* The shortest of several: an interrupt only adds. */
static uint64_t time_of_loop(uint64_t rounds)
{
	uint64_t best = UINT64_MAX, begin, taken;
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		begin = clock_now();
		if (rounds)
			loop(rounds);
		taken = clock_now() - begin;
		if (taken < best)
			best = taken;
	}
	return best;
}

/*
 * The tick of the machine comes at multiples of a few milliseconds, which all divide
 * this; the sleep takes it there in no time.
 */
#define TICKS_NS	20000000
#define AFTER_NS	100000

void clock_settle(void)
{
	struct timespec then;
	int error;

	if (!counts)
		return;
	if (clock_gettime(CLOCK_MONOTONIC, &then))
		err(1, "clock_gettime");
	then.tv_nsec = (then.tv_nsec / TICKS_NS + 1) * TICKS_NS + AFTER_NS;
	if (then.tv_nsec >= 1000000000) {
		then.tv_sec++;
		then.tv_nsec -= 1000000000;
	}
	error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
	if (error)
		errx(1, "clock_nanosleep: %s", strerror(error));
}

bool clock_calibrate(unsigned int length)
{
	double expected = (double)ROUNDS * length, measured;

	overhead = time_of_loop(0);
	if (!counts)
		return true;
	measured = time_of_loop(ROUNDS) - overhead;
	if (fabs(measured - expected) <= expected / 1000)
		return true;
	warnx("a loop of %.0f instructions reads as %.0f: this clock does not count "
	      "instructions, so there will be no figures", expected, measured);
	return false;
}
