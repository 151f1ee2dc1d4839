// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>

#include "clock.h"
#include "sample.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct figure sample_figure(double *values, unsigned int windows)
{
	qsort(values, windows, sizeof(*values), compare);
	return (struct figure){
		.value = (values[(windows - 1) / 2] + values[windows / 2]) / 2,
		.low = values[windows / 4],
		.high = values[windows - 1 - windows / 4],
		.windows = windows,
	};
}

struct figure sample_work(const struct plan *plan, void (*work)(void *arg, unsigned int messages),
			  void *arg, unsigned int messages)
{
	uint64_t begin, end, spent = 0;
	unsigned int windows = 0, room = 0;
	double *values = NULL;
	struct figure figure;

	clock_settle();
	work(arg, messages);
	while (windows < plan->windows || (!plan->counted && spent < plan->budget)) {
		if (windows == room) {
			room = room ? room * 2 : 64;
			values = reallocarray(values, room, sizeof(*values));
			if (!values)
				err(1, NULL);
		}
		begin = clock_now();
		work(arg, messages);
		end = clock_now();
		spent += end - begin;
		values[windows++] = (double)(end - begin - clock_overhead()) / messages;
	}
	figure = sample_figure(values, windows);
	free(values);
	return figure;
}
