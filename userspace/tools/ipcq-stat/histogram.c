// SPDX-License-Identifier: GPL-2.0-only
/* Histograms as bars. */
#include <err.h>
#include <stdlib.h>

#include "exits.h"
#include "histogram.h"
#include "json.h"
#include "queues.h"
#include "view.h"

#define BAR_MAX		40
#define BAR_MIN		5
#define RANGE_WIDTH	17
#define COUNT_WIDTH	8

/* Bucket 0 counts zeroes, bucket i the values from 2^(i-1) to 2^i - 1. */
static uint64_t lower_bound(size_t bucket)
{
	return bucket ? 1ull << (bucket - 1) : 0;
}

static char *range(const struct histogram *histogram, size_t bucket, const struct style *style)
{
	char *from = histogram->format(lower_bound(bucket), style);
	char *string, *to;

	if (!bucket) {
		string = text("%s", from);
	} else if (bucket == histogram->buckets - 1) {
		string = text(">= %s", from);
	} else {
		to = histogram->format(lower_bound(bucket + 1), style);
		string = text("%s .. < %s", from, to);
		free(to);
	}
	free(from);
	return string;
}

static unsigned int bar_width(const struct style *style)
{
	unsigned int taken = RANGE_WIDTH + COUNT_WIDTH + 4;

	if (!style->width || style->width >= taken + BAR_MAX)
		return BAR_MAX;
	return style->width > taken + BAR_MIN ? style->width - taken : BAR_MIN;
}

static void print_bucket(FILE *out, const struct histogram *histogram, size_t bucket,
			 uint64_t greatest, const struct style *style)
{
	uint64_t count = histogram->bucket[bucket];
	double share = (double)count / (double)greatest;
	unsigned int length = (unsigned int)(share * bar_width(style) + 0.5);
	char *bounds = range(histogram, bucket, style);
	char *number = format_count(count, style);

	/* Something is never shown as nothing. */
	if (count && !length)
		length = 1;
	fprintf(out, "  %*s %*s%s", RANGE_WIDTH, bounds, COUNT_WIDTH, number,
		length ? " " : "");
	while (length--)
		fputs(style->utf8 ? "\u2588" : "#", out);
	putc('\n', out);
	free(bounds);
	free(number);
}

void histogram_print(FILE *out, const struct histogram *histogram, const struct style *style)
{
	size_t first = histogram->buckets, last = 0, i;
	uint64_t greatest = 0, sum = 0;
	char *number;

	for (i = 0; i < histogram->buckets; i++) {
		if (!histogram->bucket[i])
			continue;
		if (first == histogram->buckets)
			first = i;
		last = i;
		sum += histogram->bucket[i];
		if (histogram->bucket[i] > greatest)
			greatest = histogram->bucket[i];
	}
	number = format_count(sum, style);
	fprintf(out, "%s: %s\n", histogram->title, number);
	free(number);
	for (i = first; sum && i <= last; i++)
		print_bucket(out, histogram, i, greatest, style);
}

static void print_both(const uint64_t *size, const uint64_t *sojourn,
		       const struct style *style)
{
	struct histogram sizes = {
		.title = "sent, by size in bytes",
		.bucket = size,
		.buckets = SIZE_BUCKETS,
		.format = format_bytes,
	};
	struct histogram sojourns = {
		.title = style->exact ? "received, by seconds waited" :
					"received, by time waited",
		.bucket = sojourn,
		.buckets = SOJOURN_BUCKETS,
		.format = format_duration,
	};

	histogram_print(stdout, &sizes, style);
	histogram_print(stdout, &sojourns, style);
}

static int of_queues(const struct request *request)
{
	struct queue_list list = { 0 };
	int result = collect_queues(request, &list);
	size_t i;

	if (request->json)
		json_queues(stdout, &list, request->style.terminal);
	for (i = 0; i < list.count && !request->json; i++) {
		const struct queue *queue = &list.queue[i];
		char *label = queue_label(queue->name, queue->flags);

		printf("%squeue %s, id %u\n", i ? "\n" : "", label, queue->id);
		print_both(queue->size_histogram, queue->sojourn_histogram, &request->style);
		free(label);
	}
	queue_list_clear(&list);
	return result;
}

static int of_totals(const struct request *request)
{
	struct totals totals;

	if (request->json)
		return view_totals(request);
	if (family_get_totals(request->family, &totals)) {
		warnx("cannot get the totals: %s", family_error(request->family));
		return EXIT_FAILED;
	}
	printf("all queues there have been\n");
	print_both(totals.size_histogram, totals.sojourn_histogram, &request->style);
	return EXIT_OK;
}

int view_histograms(const struct request *request)
{
	return request->of_totals ? of_totals(request) : of_queues(request);
}
