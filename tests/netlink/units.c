// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ipcq-stat makes of figures that a kernel does not give on demand: books
 * that do not balance, counters at their end, rates.
 *
 * The functions of family.h are played here; all else is linked with.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "exits.h"
#include "frame.h"
#include "histogram.h"
#include "json.h"
#include "queues.h"
#include "view.h"

/* What the kernel that is played here tells. */
static struct queue_list told;
static struct totals told_totals;
static bool told_restless;

const char *family_error(const struct family *family)
{
	(void)family;
	return "played";
}

int family_get_queue(struct family *family, const struct selector *selector,
		     struct queue *queue)
{
	size_t i;

	(void)family;
	for (i = 0; i < told.count; i++)
		if (selector_matches(selector, told.queue[i].id, told.queue[i].name)) {
			*queue = told.queue[i];
			return 0;
		}
	return -2;
}

int family_dump_queues(struct family *family, struct queue_list *list)
{
	size_t i;

	(void)family;
	queue_list_clear(list);
	for (i = 0; i < told.count; i++)
		*queue_list_add(list) = told.queue[i];
	return told_restless;
}

int family_dump_openers(struct family *family, const struct selector *selector,
			struct opener_list *list)
{
	(void)family;
	(void)selector;
	(void)list;
	return 0;
}

int family_get_totals(struct family *family, struct totals *totals)
{
	(void)family;
	*totals = told_totals;
	return 0;
}

int family_reset(struct family *family, const struct selector *selector, uint32_t mask)
{
	(void)family;
	(void)selector;
	(void)mask;
	return 0;
}

int family_follow(struct family *family)
{
	(void)family;
	return 0;
}

int family_fd(const struct family *family)
{
	(void)family;
	return -1;
}

int family_read_events(struct family *family,
		       bool (*each)(const struct event *event, void *arg), void *arg)
{
	(void)family;
	(void)each;
	(void)arg;
	return 0;
}

/* What is printed goes here while a view runs. */
static char *said, *warned;

struct capture {
	FILE *out, *err, *real_out, *real_err;
	size_t out_size, err_size;
};

static void capture_begin(struct capture *c)
{
	free(said);
	free(warned);
	c->real_out = stdout;
	c->real_err = stderr;
	c->out = open_memstream(&said, &c->out_size);
	c->err = open_memstream(&warned, &c->err_size);
	if (!c->out || !c->err)
		err(1, "cannot capture");
	stdout = c->out;
	stderr = c->err;
}

static void capture_end(struct capture *c)
{
	stdout = c->real_out;
	stderr = c->real_err;
	if (fclose(c->out) || fclose(c->err))
		err(1, "cannot capture");
}

static int run(int (*view)(const struct request *), const struct request *request)
{
	struct capture capture;
	int status;

	capture_begin(&capture);
	status = view(request);
	capture_end(&capture);
	return status;
}

/* Verdicts ------------------------------------------------------------------- */

static bool test_failed;
static const struct request plain = { .style = { .exact = true, .headings = true } };

static void expect(bool condition, const char *what)
{
	if (condition)
		return;
	test_failed = true;
	printf("# failed: %s\n# stdout: %s\n# stderr: %s\n", what, said ? said : "",
	       warned ? warned : "");
}

static void expect_text(char *got, const char *wanted)
{
	if (strcmp(got, wanted)) {
		test_failed = true;
		printf("# got '%s', wanted '%s'\n", got, wanted);
	}
	free(got);
}

static struct queue *plant(const char *name, uint32_t id)
{
	struct queue *queue = queue_list_add(&told);

	snprintf(queue->name, sizeof(queue->name), "%s", name);
	queue->id = id;
	queue->max_msgs = 100;
	queue->max_bytes = 10000;
	queue->high_pct = 80;
	return queue;
}

static void count(struct counters *counters, uint64_t sent, uint64_t received,
		  uint64_t dropped, uint64_t purged)
{
	counters->value[IPCQ_A_COUNTERS_SENT] = sent;
	counters->value[IPCQ_A_COUNTERS_RECEIVED] = received;
	counters->value[IPCQ_A_COUNTERS_DROPPED_DESTROYED] = dropped;
	counters->value[IPCQ_A_COUNTERS_PURGED] = purged;
}

/* Tests ---------------------------------------------------------------------- */

static void check_finds_balance(void)
{
	struct queue *queue = plant("good", 1);

	queue->depth = 4;
	count(&queue->counters, 10, 3, 2, 1);
	plant("empty", 2);
	expect(run(view_check, &plain) == EXIT_OK, "the books balance");
	expect(!strcmp(said, "balanced: 2 queues and the totals\n"), "it says so");
	expect(!*warned, "nothing to warn of");
}

static void check_names_the_queue(void)
{
	struct queue *queue = plant("bad-one", 7);

	queue->depth = 4;
	count(&queue->counters, 11, 3, 2, 1);
	plant("good", 8);
	expect(run(view_check, &plain) == EXIT_FAILED, "the books do not balance");
	expect(strstr(warned, "queue bad-one, id 7: out of balance: sent 11, but received 3 + "
			      "waiting 4 + dropped 2 + purged 1 = 10"), "queue and figures");
	expect(!strstr(warned, "good") && !strstr(warned, "totals"), "nothing else is bad");
	expect(!*said, "no success is reported");
}

static void check_one_too_few(void)
{
	count(&plant("bad", 1)->counters, 9, 10, 0, 0);
	expect(run(view_check, &plain) == EXIT_FAILED, "more received than sent");
}

static void check_the_totals(void)
{
	told_totals.depth = 1;
	count(&told_totals.counters, 5, 5, 0, 0);
	expect(run(view_check, &plain) == EXIT_FAILED, "the totals do not balance");
	expect(strstr(warned, "totals: out of balance: sent 5"), "it names the totals");
}

static void check_one_queue(void)
{
	struct selector good = { .name = "good" };
	struct request request = plain;

	count(&plant("bad", 1)->counters, 1, 0, 0, 0);
	plant("good", 2);
	request.selectors = &good;
	request.nr_selectors = 1;
	expect(run(view_check, &request) == EXIT_OK, "only the good one was asked for");
}

static void restless_dump(void)
{
	plant("one", 1);
	told_restless = true;
	expect(run(view_queues, &plain) == EXIT_OK, "the list is shown");
	expect(strstr(said, "one") && strstr(warned, "came and went"), "with a warning");
}

static void counts(void)
{
	const struct style human = { 0 }, exact = { .exact = true };

	expect_text(format_count(0, &human), "0");
	expect_text(format_count(9999, &human), "9999");
	expect_text(format_count(10000, &human), "10.0k");
	expect_text(format_count(99949, &human), "99.9k");
	expect_text(format_count(99999, &human), "100k");
	expect_text(format_count(999499, &human), "999k");
	expect_text(format_count(999999, &human), "1.0M");
	expect_text(format_count(UINT64_MAX, &human), "18.4E");
	expect_text(format_count(UINT64_MAX, &exact), "18446744073709551615");
}

static void byte_counts(void)
{
	const struct style human = { 0 }, exact = { .exact = true };

	expect_text(format_bytes(1023, &human), "1023");
	expect_text(format_bytes(1024, &human), "1.0K");
	expect_text(format_bytes(1024 * 1024 - 1, &human), "1.0M");
	expect_text(format_bytes(16 << 20, &human), "16.0M");
	expect_text(format_bytes(UINT64_MAX, &human), "16.0E");
	expect_text(format_bytes(16 << 20, &exact), "16777216");
}

static void durations(void)
{
	const struct style human = { 0 }, exact = { .exact = true };

	expect_text(format_duration(0, &human), "0ns");
	expect_text(format_duration(999, &human), "999ns");
	expect_text(format_duration(1000, &human), "1us");
	expect_text(format_duration(999999999, &human), "999ms");
	expect_text(format_duration(59999999999, &human), "59.9s");
	expect_text(format_duration(60000000000, &human), "1m00s");
	expect_text(format_duration(3661000000000, &human), "1h01m");
	expect_text(format_duration(90000000000000, &human), "1d01h");
	expect_text(format_duration(1000000001, &exact), "1.000000");
	expect_text(format_duration(1234567890, &exact), "1.234567");
}

static void foreign_text(void)
{
	expect_text(format_foreign("plain \"text\""), "plain \"text\"");
	expect_text(format_foreign("a\x1b[31m\x7f\n"), "a?[31m??");
	expect_text(format_foreign("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"),
		    "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
	/* Cut short, overlong, a surrogate, above the end, C1. */
	expect_text(format_foreign("\xe2\x82"), "??");
	expect_text(format_foreign("\xc0\xaf"), "??");
	expect_text(format_foreign("\xe0\x80\xaf"), "???");
	expect_text(format_foreign("\xed\xa0\x80"), "???");
	expect_text(format_foreign("\xf4\x90\x80\x80"), "????");
	expect_text(format_foreign("\xc2\x9b"), "??");
}

static void fill_levels(void)
{
	struct queue *queue = plant("fill", 1);

	expect(fill_percent(queue) == 0, "empty");
	queue->bytes = 1;
	expect(fill_percent(queue) == 1, "a little is not nothing");
	queue->depth = 99;
	expect(fill_percent(queue) == 99, "almost full is not full");
	queue->bytes = 10000;
	expect(fill_percent(queue) == 100, "the fuller of both");
	queue->depth = 150;
	expect(fill_percent(queue) == 150, "above capacity");
	queue->max_msgs = 0;
	queue->max_bytes = 0;
	expect(fill_percent(queue) == 1, "no capacity known");
}

static unsigned int widest(const char *string)
{
	unsigned int width, most = 0;
	char *copy = strdup(string);
	char *line, *rest = copy;

	while ((line = strsep(&rest, "\n"))) {
		width = display_width(line);
		if (width > most)
			most = width;
	}
	free(copy);
	return most;
}

/* The greatest figures that there can be. */
static void plant_giant(void)
{
	struct queue *queue = plant("a-name-", UINT32_MAX);

	memset(queue->name + strlen(queue->name), 'x', IPCQ_NAME_MAX - strlen(queue->name));
	queue->uid = UINT32_MAX - 1;
	queue->mode = 0777;
	queue->depth = UINT32_MAX;
	queue->peak_depth = UINT32_MAX;
	queue->bytes = UINT64_MAX;
	queue->oldest_ns = UINT64_MAX;
	queue->senders = 99999;
	queue->receivers = 99999;
	memset(&queue->counters, 0xff, sizeof(queue->counters));
}

static void tables_fit(void)
{
	static const unsigned int widths[] = { 40, 60, 80, 100, 132, 400 };
	struct request request = { .style = { .terminal = true, .headings = true } };
	size_t i;

	plant_giant();
	for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		request.style.width = widths[i];
		expect(run(view_queues, &request) == EXIT_OK, "shown");
		expect(widest(said) <= widths[i], "no wider than the terminal");
		expect(strstr(said, "NAME") && strstr(said, "a-name-"), "the name stays");
		expect(strstr(said, "MSGS") || strstr(said, "MESSAGES"), "the messages stay");
	}
	expect(strstr(said, told.queue->name) && strstr(said, "OLDEST"), "all of it at 400");
}

static void tables_are_whole_in_pipes(void)
{
	plant_giant();
	expect(run(view_queues, &plain) == EXIT_OK, "shown");
	expect(strstr(said, told.queue->name), "the whole name");
	expect(strstr(said, " 18446744073709551615 "), "the whole figure");
	expect(strstr(said, " 18446744073.709551"), "the whole time");
}

static void json_holds_64_bits(void)
{
	struct request request = plain;

	request.json = true;
	plant_giant();
	expect(run(view_queues, &request) == EXIT_OK, "shown");
	expect(strstr(said, "\"bytes\":18446744073709551615,"), "2^64 - 1");
	expect(strstr(said, "\"receiver_wakeups\":18446744073709551615"), "of counters too");
}

static void draw(const struct queue *now, const struct queue *before)
{
	struct watched watched = { .now = now, .before = before };
	struct capture capture;

	capture_begin(&capture);
	frame_print(stdout, &watched, 1, &plain.style);
	capture_end(&capture);
}

static void rates_are_per_second(void)
{
	struct queue before = { .name = "q", .snapshot_ns = 1000000000, .max_msgs = 10,
				.max_bytes = 10 };
	struct queue now = before;

	now.snapshot_ns = 3500000000;
	now.counters.value[IPCQ_A_COUNTERS_SENT] = 250;
	now.counters.value[IPCQ_A_COUNTERS_RECEIVED] = 50;
	now.counters.value[IPCQ_A_COUNTERS_SENT_BYTES] = 25000;
	now.counters.value[IPCQ_A_COUNTERS_RECEIVED_BYTES] = 5000;
	draw(&now, &before);
	expect(strstr(said, "  100    20  10000    2000      -\n"), "100 and 20 a second");
	draw(&now, NULL);
	expect(strstr(said, "    -     -      -       -      -\n"), "none without a before");
	strcpy(before.name, "other");
	draw(&now, &before);
	expect(strstr(said, "    -     -      -       -      -\n"), "none of another queue");
	strcpy(before.name, "q");
	before.counters.value[IPCQ_A_COUNTERS_SENT] = 300;
	draw(&now, &before);
	expect(strstr(said, "    -    20  10000    2000      -\n"), "none across a reset");
}

static void bars_show_fill_and_peak(void)
{
	struct queue queue = { .name = "q", .max_msgs = 18, .max_bytes = 1000 };

	draw(&queue, NULL);
	expect(strstr(said, "[..................]"), "empty");
	queue.peak_depth = 9;
	draw(&queue, NULL);
	expect(strstr(said, "[........|.........]"), "the high-water mark");
	queue.depth = 6;
	draw(&queue, NULL);
	expect(strstr(said, "[######..|.........]"), "filled to a third");
	queue.depth = 18;
	queue.peak_depth = 18;
	draw(&queue, NULL);
	expect(strstr(said, "[##################]"), "full");
	queue.depth = 30;
	draw(&queue, NULL);
	expect(strstr(said, "[##################]") && strstr(said, "166%"), "above capacity");
	queue.depth = 1;
	queue.max_msgs = 100000;
	queue.peak_depth = 1;
	draw(&queue, NULL);
	expect(strstr(said, "[#.................]"), "a little is not nothing");
}

static void blocked_without_names(void)
{
	struct queue queue = { .name = "q", .blocked_senders = 2, .blocked_receivers = 1 };

	draw(&queue, NULL);
	expect(strstr(said, "  3 calls blocked\n"), "how many, if not who");
}

static void histogram_edges(void)
{
	struct request request = plain;
	struct queue *queue = plant("h", 1);

	queue->size_histogram[0] = 1;
	queue->size_histogram[SIZE_BUCKETS - 1] = UINT32_MAX;
	queue->sojourn_histogram[1] = 2;
	expect(run(view_histograms, &request) == EXIT_OK, "shown");
	expect(strstr(said, "                  0        1 #\n"), "zeroes, few but seen");
	expect(strstr(said, "      >= 1073741824 4294967295 ####"), "the open end");
	expect(strstr(said, "0.000000 .. < 0.000000        2 ####"), "one nanosecond");
}

static void chosen_columns(void)
{
	const struct column **columns = NULL;
	char *unknown = NULL;

	expect(table_choose("Name,ID", queue_columns, nr_queue_columns, &columns, &unknown) == 2 &&
	       !strcmp(columns[0]->heading, "NAME") && !strcmp(columns[1]->heading, "ID"),
	       "in the order asked for");
	free(columns);
	expect(!table_choose("name,,id", queue_columns, nr_queue_columns, &columns, &unknown) &&
	       !*unknown, "an empty name is none");
	free(unknown);
	expect(!table_choose("names", queue_columns, nr_queue_columns, &columns, &unknown) &&
	       !strcmp(unknown, "names"), "a longer name is none");
	free(unknown);
}

static const struct {
	const char *what;
	void (*function)(void);
} tests[] = {
	{ "--check succeeds on books that balance", check_finds_balance },
	{ "--check names the queue and the figures that do not", check_names_the_queue },
	{ "--check finds more received than sent", check_one_too_few },
	{ "--check finds totals that do not balance", check_the_totals },
	{ "--check of one queue looks at no other", check_one_queue },
	{ "a dump that never came to rest is shown with a warning", restless_dump },
	{ "counts", counts },
	{ "byte counts", byte_counts },
	{ "durations", durations },
	{ "foreign text is made safe and valid", foreign_text },
	{ "fill levels", fill_levels },
	{ "tables fit terminals, whatever the figures", tables_fit },
	{ "tables are whole in pipes", tables_are_whole_in_pipes },
	{ "JSON holds 64 bits", json_holds_64_bits },
	{ "rates are per second", rates_are_per_second },
	{ "bars show the fill and its peak", bars_show_fill_and_peak },
	{ "blocked calls are counted if not named", blocked_without_names },
	{ "histograms from the first bucket to the last", histogram_edges },
	{ "columns are chosen by their names", chosen_columns },
};

int main(void)
{
	size_t i, nr = sizeof(tests) / sizeof(tests[0]);
	bool any_failed = false;

	printf("KTAP version 1\n1..%zu\n", nr);
	for (i = 0; i < nr; i++) {
		test_failed = false;
		tests[i].function();
		any_failed |= test_failed;
		printf("%sok %zu - %s\n", test_failed ? "not " : "", i + 1, tests[i].what);
		queue_list_clear(&told);
		memset(&told_totals, 0, sizeof(told_totals));
		told_restless = false;
	}
	free(said);
	free(warned);
	return any_failed;
}
