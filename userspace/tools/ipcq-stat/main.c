// SPDX-License-Identifier: GPL-2.0-only
/* ipcq-stat: what waits in the message queues of the kernel. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../descriptors.h"
#include "exits.h"
#include "queues.h"
#include "screen.h"
#include "view.h"

#ifndef IPCQ_VERSION
#error "the Makefile defines IPCQ_VERSION"
#endif

#define DEFAULT_INTERVAL	1.0
#define MIN_INTERVAL		0.05
#define MAX_INTERVAL		86400.0
#define ID_PREFIX		"id:"
#define DIRECTORY		"/dev/ipcq/"
#define HELP_WIDTH		80

enum {
	OPT_OPENERS = 256,
	OPT_HISTOGRAM,
	OPT_TOTALS,
	OPT_CHECK,
	OPT_RESET,
	OPT_NO_HEADINGS,
};

typedef int (*view_t)(const struct request *request);

/* What the command line asks for. */
struct options {
	struct request request;
	view_t view;
	const char *view_option;	/* the option that chose the view */
	const char *columns;
};

/* A full disk or a closed pipe must not look like success. */
static int close_output(int result)
{
	if (!ferror(stdout) && !fclose(stdout))
		return result;
	warn("cannot write to standard output");
	return EXIT_FAILED;
}

static void print_columns(void)
{
	size_t width = HELP_WIDTH, i;

	for (i = 0; i < nr_queue_columns; i++) {
		const char *heading = queue_columns[i].heading;
		size_t length = strlen(heading);

		if (width + 1 + length > HELP_WIDTH) {
			printf("\n ");
			width = 1;
		}
		printf(" %s", heading);
		width += 1 + length;
	}
}

static void print_help(void)
{
	printf("Usage: ipcq-stat [OPTIONS] [QUEUE...]\n"
	       "Show the message queues in the kernel, what waits in them and what was counted.\n"
	       "QUEUE is a name, /dev/ipcq/NAME, or id:N for the queue of that number.\n"
	       "\n"
	       "  -w, --watch[=SECONDS]  live view, every second or so often\n"
	       "  -e, --events           follow the events of queues (takes CAP_NET_ADMIN)\n"
	       "  -n, --count=N          end after N frames or events\n"
	       "      --openers          who has the queues open, and who is blocked\n"
	       "      --histogram        sizes and times in the queue; with --totals of all\n"
	       "      --totals           the sums over all queues there have been\n"
	       "      --check            verify that every message is accounted for\n"
	       "      --reset[=WHAT]     set back high-water marks (peak), counters (counters)\n"
	       "                         or both (takes CAP_SYS_ADMIN)\n"
	       "  -j, --json             JSON; with --watch and --events one document a line\n"
	       "  -b, --bytes            figures in full, times in seconds; the rule in a pipe\n"
	       "  -o, --output=COLUMNS   choose columns, with commas between\n"
	       "      --no-headings      leave the line of headings out\n"
	       "  -h, --help             show this help\n"
	       "  -V, --version          show the version\n"
	       "\n"
	       "Columns:");
	print_columns();
	printf("\n\nExit status: 0 success, 1 failure, 2 wrong usage.  See ipcq-stat(1).\n");
}

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr, "Try 'ipcq-stat --help'.\n");
	exit(EXIT_USAGE);
}

static void choose_view(struct options *options, view_t view, const char *option)
{
	/* The histograms of the totals are the one pair that means something. */
	if ((view == view_histograms && options->view == view_totals) ||
	    (view == view_totals && options->view == view_histograms)) {
		options->request.of_totals = true;
		options->view = view_histograms;
		return;
	}
	if (options->view && options->view != view) {
		warnx("%s and %s exclude each other", options->view_option, option);
		usage();
	}
	options->view = view;
	options->view_option = option;
}

static double parse_interval(const char *string)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(string, &end);
	/* The comparison is false for a NaN as well. */
	if (errno || end == string || *end || !(seconds >= MIN_INTERVAL) ||
	    seconds > MAX_INTERVAL) {
		warnx("'%s' is no interval: %g to %g seconds", string, MIN_INTERVAL,
		      MAX_INTERVAL);
		usage();
	}
	return seconds;
}

/* Digits only: no sign, no blank. */
static bool parse_number(const char *string, unsigned long long most,
			 unsigned long long *number)
{
	char *end;

	if (!*string || string[strspn(string, "0123456789")])
		return false;
	errno = 0;
	*number = strtoull(string, &end, 10);
	return !errno && *number <= most;
}

static unsigned long parse_count(const char *string)
{
	unsigned long long count;

	if (!parse_number(string, ULONG_MAX, &count) || !count) {
		warnx("'%s' is no count: 1 or more", string);
		usage();
	}
	return (unsigned long)count;
}

static uint32_t parse_reset(const char *string)
{
	if (!string)
		return IPCQ_RESET_PEAK | IPCQ_RESET_COUNTERS;
	if (!strcmp(string, "peak"))
		return IPCQ_RESET_PEAK;
	if (!strcmp(string, "counters"))
		return IPCQ_RESET_COUNTERS;
	warnx("'%s' is nothing to reset: peak or counters", string);
	usage();
}

static bool is_name(const char *string)
{
	size_t length = strspn(string, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789._-");

	return length && length <= IPCQ_NAME_MAX && !string[length] && *string != '.';
}

static struct selector parse_selector(const char *string)
{
	const char *name = string;
	unsigned long long id;

	/* As shells complete it. */
	if (!strncmp(string, DIRECTORY, strlen(DIRECTORY)))
		name += strlen(DIRECTORY);
	if (is_name(name))
		return (struct selector){ .name = name };
	if (strncmp(string, ID_PREFIX, strlen(ID_PREFIX))) {
		warnx("'%.80s' is no name of a queue: 1 to %d of A-Z a-z 0-9 . _ -, no dot first",
		      format_foreign(string), IPCQ_NAME_MAX);
		usage();
	}
	if (!parse_number(string + strlen(ID_PREFIX), UINT32_MAX, &id)) {
		warnx("'%s' is no queue: a number follows id:", string);
		usage();
	}
	return (struct selector){ .id = (uint32_t)id };
}

static void parse_queues(struct request *request, char **argv, int count)
{
	struct selector *selectors;
	int i;

	if (!count)
		return;
	selectors = calloc((size_t)count, sizeof(*selectors));
	if (!selectors)
		err(EXIT_FAILED, "cannot hold %d queues", count);
	for (i = 0; i < count; i++)
		selectors[i] = parse_selector(argv[i]);
	request->selectors = selectors;
	request->nr_selectors = (size_t)count;
}

static void parse_options(struct options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "watch", optional_argument, NULL, 'w' },
		{ "events", no_argument, NULL, 'e' },
		{ "count", required_argument, NULL, 'n' },
		{ "openers", no_argument, NULL, OPT_OPENERS },
		{ "histogram", no_argument, NULL, OPT_HISTOGRAM },
		{ "totals", no_argument, NULL, OPT_TOTALS },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "reset", optional_argument, NULL, OPT_RESET },
		{ "json", no_argument, NULL, 'j' },
		{ "bytes", no_argument, NULL, 'b' },
		{ "output", required_argument, NULL, 'o' },
		{ "no-headings", no_argument, NULL, OPT_NO_HEADINGS },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	struct request *request = &options->request;
	int option;

	while ((option = getopt_long(argc, argv, "w::en:jbo:hV", long_options, NULL)) != -1) {
		switch (option) {
		case 'w':
			choose_view(options, view_watch, "--watch");
			if (optarg)
				request->interval = parse_interval(optarg);
			break;
		case 'e':
			choose_view(options, view_events, "--events");
			break;
		case 'n':
			request->count = parse_count(optarg);
			break;
		case OPT_OPENERS:
			choose_view(options, view_openers, "--openers");
			break;
		case OPT_HISTOGRAM:
			choose_view(options, view_histograms, "--histogram");
			break;
		case OPT_TOTALS:
			choose_view(options, view_totals, "--totals");
			break;
		case OPT_CHECK:
			choose_view(options, view_check, "--check");
			break;
		case OPT_RESET:
			choose_view(options, view_reset, "--reset");
			request->reset = parse_reset(optarg);
			break;
		case 'j':
			request->json = true;
			break;
		case 'b':
			request->style.exact = true;
			break;
		case 'o':
			options->columns = optarg;
			break;
		case OPT_NO_HEADINGS:
			request->style.headings = false;
			break;
		case 'h':
			print_help();
			exit(close_output(EXIT_OK));
		case 'V':
			printf("ipcq-stat (ipcq) %s\n", IPCQ_VERSION);
			exit(close_output(EXIT_OK));
		default:
			usage();
		}
	}
	parse_queues(request, argv + optind, argc - optind);
	if (!options->view)
		options->view = view_queues;
}

static void refuse(bool wrong, const char *message)
{
	if (!wrong)
		return;
	warnx("%s", message);
	usage();
}

/* What does not go together would otherwise be ignored without a word. */
static void check_options(const struct options *options)
{
	const struct request *request = &options->request;
	view_t view = options->view;

	refuse(request->count && view != view_watch && view != view_events,
	       "--count goes with --watch or --events");
	refuse(options->columns && (view != view_queues || request->json),
	       "--output goes with the plain table of queues");
	refuse(request->json && (view == view_check || view == view_reset),
	       "--json has nothing to show for --check and --reset");
	refuse(view == view_reset && !request->nr_selectors, "--reset wants a queue");
	refuse(request->nr_selectors && (view == view_totals || request->of_totals),
	       "--totals are of all queues, not of one");
}

static void choose_columns(struct options *options)
{
	struct request *request = &options->request;
	char *unknown;

	if (!options->columns)
		return;
	request->nr_columns = table_choose(options->columns, queue_columns, nr_queue_columns,
					   &request->columns, &unknown);
	if (!request->nr_columns) {
		warnx("'%s' is no column", unknown);
		usage();
	}
}

/* A terminal gets units, colours and what fits; a pipe gets everything, plain. */
static void choose_style(struct style *style)
{
	const char *term = getenv("TERM");
	const char *no_colour = getenv("NO_COLOR");

	style->terminal = isatty(STDOUT_FILENO);
	if (!style->terminal) {
		style->exact = true;
		return;
	}
	screen_measure(style);
	style->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	style->colour = term && strcmp(term, "dumb") && !(no_colour && *no_colour);
}

int main(int argc, char **argv)
{
	struct options options = {
		.request = {
			.interval = DEFAULT_INTERVAL,
			.style.headings = true,
		},
	};
	struct request *request = &options.request;
	int result = EXIT_FAILED;

	keep_standard_descriptors();
	/* Characters only: figures keep their decimal point everywhere. */
	setlocale(LC_CTYPE, "");
	parse_options(&options, argc, argv);
	check_options(&options);
	choose_columns(&options);
	choose_style(&request->style);

	request->family = family_open();
	if (request->family)
		result = options.view(request);
	family_close(request->family);
	free((void *)request->selectors);
	free(request->columns);
	return close_output(result);
}
