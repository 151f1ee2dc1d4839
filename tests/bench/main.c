// SPDX-License-Identifier: GPL-2.0-only
/* Measures what it costs to hand a message over; results as lines of JSON. */
#include <err.h>
#include <getopt.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "clock.h"
#include "mechanism.h"
#include "scenario.h"

static const char help[] =
"Usage: bench [OPTIONS]\n"
"\n"
"Measures what a message costs by several mechanisms in several scenarios, and\n"
"prints a line of JSON for each figure.  Says on stderr how far it is.\n"
"\n"
"  -m, --mode MODE          counted: instructions, in a machine whose time stamp\n"
"                           counter counts them (default); timed: nanoseconds\n"
"  -s, --scenario NAME,...  only these (default: all)\n"
"  -c, --mechanism NAME,... only these (default: all)\n"
"  -b, --bytes SIZE         only messages of that size\n"
"  -w, --windows NUMBER     measurements of which a figure is the median; if timed,\n"
"                           the least of them (default 15)\n"
"  -t, --budget MS          if timed: milliseconds for a figure (default 50)\n"
"  -r, --rounds NUMBER      how often to go through it all (default 1)\n"
"      --loop-length NUMBER what to take as the length of the loop that proves the\n"
"                           clock, in instructions (default 2, which is true)\n"
"  -l, --list               print the scenarios and mechanisms\n"
"  -h, --help               show this\n"
"\n"
"Exit status: 0; 1 if something failed; 2 if it was called wrongly; 3 if the clock\n"
"does not count instructions.\n";

enum { FAILED = 1, MISUSED = 2, NO_CLOCK = 3 };

/**
 * struct request - what to measure
 * @plan: how much
 * @scenarios: names, with commas; NULL: all
 * @mechanisms: names, with commas; NULL: all
 * @size: of messages; 0: those of the scenario
 * @rounds: how often
 * @loop_length: for clock_calibrate()
 * @is_missing: for each mechanism, that it cannot be used here
 */
struct request {
	struct plan plan;
	const char *scenarios;
	const char *mechanisms;
	size_t size;
	unsigned int rounds;
	unsigned int loop_length;
	bool *is_missing;
};

/* Is @name one of the names in @list? */
static bool is_in(const char *list, const char *name)
{
	size_t length = strlen(name), part;

	for (; list; list = list[part] ? list + part + 1 : NULL) {
		part = strcspn(list, ",");
		if (part == length && !strncmp(list, name, length))
			return true;
	}
	return false;
}

static bool is_known(const char *name)
{
	size_t i;

	for (i = 0; i < nr_scenarios; i++) {
		if (!strcmp(scenarios[i]->name, name))
			return true;
	}
	for (i = 0; i < nr_mechanisms; i++) {
		if (!strcmp(mechanisms[i]->name, name))
			return true;
	}
	return false;
}

static void check_names(const char *list)
{
	size_t part;
	char *name;

	for (; list; list = list[part] ? list + part + 1 : NULL) {
		part = strcspn(list, ",");
		name = strndup(list, part);
		if (!name)
			err(FAILED, NULL);
		if (!is_known(name))
			errx(MISUSED, "there is no '%s'; see --list", name);
		free(name);
	}
}

static unsigned long number(const char *text, unsigned long min, unsigned long max)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value < min || value > max)
		errx(MISUSED, "'%s' is no number from %lu to %lu; see --help", text, min, max);
	return value;
}

static void list(void)
{
	size_t i;

	for (i = 0; i < nr_scenarios; i++)
		printf("scenario %s: %s\n", scenarios[i]->name, scenarios[i]->what);
	for (i = 0; i < nr_mechanisms; i++)
		printf("mechanism %s: %s\n", mechanisms[i]->name, mechanisms[i]->what);
}

static void parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "scenario", required_argument, NULL, 's' },
		{ "mechanism", required_argument, NULL, 'c' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "windows", required_argument, NULL, 'w' },
		{ "budget", required_argument, NULL, 't' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "loop-length", required_argument, NULL, 'L' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "m:s:c:b:w:t:r:lh", options, NULL)) != -1) {
		switch (option) {
		case 'm':
			request->plan.counted = !strcmp(optarg, "counted");
			if (!request->plan.counted && strcmp(optarg, "timed"))
				errx(MISUSED, "there is no mode '%s'; see --help", optarg);
			break;
		case 's':
			request->scenarios = optarg;
			check_names(optarg);
			break;
		case 'c':
			request->mechanisms = optarg;
			check_names(optarg);
			break;
		case 'b':
			request->size = number(optarg, 1, 1 << 26);
			break;
		case 'w':
			request->plan.windows = number(optarg, 1, 100000);
			break;
		case 't':
			request->plan.budget = number(optarg, 1, 1000000) * 1000000;
			break;
		case 'r':
			request->rounds = number(optarg, 1, 1000);
			break;
		case 'L':
			request->loop_length = number(optarg, 1, 1000);
			break;
		case 'l':
			list();
			exit(0);
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			fputs("See --help.\n", stderr);
			exit(MISUSED);
		}
	}
	if (optind < argc)
		errx(MISUSED, "'%s' is too much; see --help", argv[optind]);
}

static void print_figure(const struct scenario *scenario, const struct scenario_case *variant,
			 const struct mechanism *mech, size_t size, unsigned int round,
			 const struct figure *figure)
{
	printf("{\"scenario\":\"%s\",\"case\":\"%s\",\"size\":%zu,\"mechanism\":\"%s\","
	       "\"unit\":\"%s\",\"round\":%u,\"value\":%.2f,\"low\":%.2f,\"high\":%.2f,"
	       "\"windows\":%u}\n",
	       scenario->name, variant->name, size, mech->name,
	       scenario->unit ? scenario->unit : clock_unit(), round,
	       figure->value, figure->low, figure->high, figure->windows);
}

static bool is_wanted(const struct request *request, const struct mechanism *mech)
{
	return !request->mechanisms || is_in(request->mechanisms, mech->name);
}

/* Say which mechanisms there will be no figures of, and why. */
static void find_missing(struct request *request)
{
	const char *missing;
	size_t i;

	for (i = 0; i < nr_mechanisms; i++) {
		missing = is_wanted(request, mechanisms[i]) && mechanisms[i]->missing ?
			  mechanisms[i]->missing() : NULL;
		request->is_missing[i] = missing;
		if (missing)
			printf("{\"without\":\"%s\",\"missing\":\"%s\"}\n",
			       mechanisms[i]->name, missing);
	}
}

/* One case and size, with every mechanism. */
static void measure(const struct request *request, const struct scenario *scenario,
		    const struct scenario_case *variant, size_t size, unsigned int round)
{
	const struct mechanism *mech;
	struct figure figure;
	size_t i;

	for (i = 0; i < nr_mechanisms; i++) {
		mech = mechanisms[i];
		if ((mech->can & scenario->needs) != scenario->needs ||
		    (mech->only && strcmp(mech->only, scenario->name)) ||
		    !is_wanted(request, mech) || request->is_missing[i] ||
		    (mech->max_size && size > mech->max_size) ||
		    (scenario->fits && !scenario->fits(mech, variant)))
			continue;
		figure = scenario->measure(&request->plan, mech, variant, size);
		print_figure(scenario, variant, mech, size, round, &figure);
	}
}

static void run(const struct request *request, const struct scenario *scenario,
		unsigned int round)
{
	const size_t *sizes = request->plan.counted ? scenario->counted_sizes :
						      scenario->timed_sizes;
	const struct scenario_case *variant;

	if (!sizes || (request->scenarios && !is_in(request->scenarios, scenario->name)))
		return;
	fprintf(stderr, "bench: round %u of %u: %s: %s\n", round, request->rounds,
		scenario->name, scenario->what);
	for (variant = scenario->cases; variant->name; variant++) {
		const size_t *size;

		for (size = sizes; *size; size++) {
			if (!request->size || request->size == *size)
				measure(request, scenario, variant, *size, round);
		}
	}
}

/*
 * With one processor the scheduler decides when a woken task takes over.  As batch jobs
 * they do so when the other one blocks, and not when its share of time says so: that
 * would depend on what ran before.
 */
static void only_blocking_switches(void)
{
	struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_BATCH, &none))
		err(FAILED, "SCHED_BATCH");
	/* What clock_settle() waits for is a point in time, not one of a range. */
	if (prctl(PR_SET_TIMERSLACK, 1))
		err(FAILED, "PR_SET_TIMERSLACK");
}

int main(int argc, char **argv)
{
	struct request request = {
		.plan = { .counted = true, .windows = 15, .budget = 50000000 },
		.rounds = 1,
		.loop_length = LOOP_LENGTH,
	};
	unsigned int round;
	size_t i;

	parse(argc, argv, &request);
	clock_choose(request.plan.counted);
	if (!clock_calibrate(request.loop_length))
		return NO_CLOCK;
	if (request.plan.counted)
		only_blocking_switches();
	request.is_missing = calloc(nr_mechanisms, sizeof(*request.is_missing));
	if (!request.is_missing)
		err(FAILED, NULL);
	find_missing(&request);
	for (round = 1; round <= request.rounds; round++) {
		for (i = 0; i < nr_scenarios; i++)
			run(&request, scenarios[i], round);
	}
	free(request.is_missing);
	if (fflush(stdout) || ferror(stdout))
		err(FAILED, "stdout");
	return 0;
}
