/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From many measurements to one figure.  A measurement is a window of several
 * messages, so that what happens only now and then (a new slab) is in it; the figure
 * is the median of the windows, so that what is not the mechanism's (the timer's
 * interrupt) is not.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct plan - how much to measure
 * @counted: instructions, else nanoseconds
 * @windows: how many; if instructions are counted, exactly so many
 * @budget: nanoseconds for one figure, if those are measured
 */
struct plan {
	bool counted;
	unsigned int windows;
	uint64_t budget;
};

/**
 * struct figure - what was measured
 * @value: the median, for one message
 * @low: the first quartile
 * @high: the third
 * @windows: how many there were
 */
struct figure {
	double value;
	double low;
	double high;
	unsigned int windows;
};

/* Sort @windows values and summarize them. */
struct figure sample_figure(double *values, unsigned int windows);

/*
 * Call @work for @messages messages at a time, after a first time that does not count,
 * for as long as the plan says.
 */
struct figure sample_work(const struct plan *plan, void (*work)(void *arg, unsigned int messages),
			  void *arg, unsigned int messages);

#endif /* SAMPLE_H */
