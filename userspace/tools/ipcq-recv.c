// SPDX-License-Identifier: GPL-2.0-only
/* Receive messages from a queue. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descriptors.h"
#include "interrupt.h"
#include "options.h"
#include "pace.h"
#include "quantity.h"
#include "queue_open.h"
#include "receiver.h"
#include "report.h"

static const char help[] =
"Usage: ipcq-recv [OPTIONS] QUEUE\n"
"Receive a message from QUEUE and print it, with a newline behind it.\n"
"\n"
"  -n, --count N           receive N messages\n"
"  -f, --follow            receive until end of file, or a signal\n"
"  -d, --drain             receive what waits, until the queue is empty\n"
"  -t, --timeout TIME      wait no longer than that for each message\n"
"  -N, --nonblock          do not wait at all\n"
"  -r, --rate N            receive no more than N messages a second\n"
"  -s, --max-size SIZE     size of the buffer (default: as large as it takes)\n"
"\n"
"  -0, --null              a NUL byte behind each message, not a newline\n"
"      --raw               nothing behind it, and bytes as they are\n"
"  -j, --json              one JSON object for each message\n"
"  -F, --format FORMAT     print that for each message:\n"
"                            %d payload     %s its size       %p priority\n"
"                            %t type        %q sequence number\n"
"                            %T time when the queue accepted it\n"
"                            %P %u %g the sender's pid, uid and gid\n"
"                            %l messages lost before it       %Q queue\n"
"                            %% \\n \\t \\r \\0 \\\\\n"
"  -o, --output-dir DIR    put each message into a file QUEUE-SEQUENCE in DIR\n"
"\n"
"  -v, --verbose           say at the end how much was received\n"
"  -h, --help              show this help\n"
"  -V, --version           show the version\n"
"\n"
"  -c, --create            create QUEUE if it does not exist, with these:\n"
ATTR_HELP_CAPACITY
ATTR_HELP_CREATION
"\n"
"SIZE is in bytes or has K, M or G behind it; TIME is in seconds or has ns, us,\n"
"ms, s, m or h behind it.\n"
"\n"
"Exit status: 0 done, 1 failure, 2 misuse, 3 timed out or would block.\n";

enum {
	OPTION_RAW = OPTION_FREE,
};

static const struct option long_options[] = {
	{ "count",	required_argument, NULL, 'n' },
	{ "follow",	no_argument,	   NULL, 'f' },
	{ "drain",	no_argument,	   NULL, 'd' },
	{ "timeout",	required_argument, NULL, 't' },
	{ "nonblock",	no_argument,	   NULL, 'N' },
	{ "rate",	required_argument, NULL, 'r' },
	{ "max-size",	required_argument, NULL, 's' },
	{ "null",	no_argument,	   NULL, '0' },
	{ "raw",	no_argument,	   NULL, OPTION_RAW },
	{ "json",	no_argument,	   NULL, 'j' },
	{ "format",	required_argument, NULL, 'F' },
	{ "output-dir",	required_argument, NULL, 'o' },
	{ "verbose",	no_argument,	   NULL, 'v' },
	{ "help",	no_argument,	   NULL, 'h' },
	{ "version",	no_argument,	   NULL, 'V' },
	{ "create",	no_argument,	   NULL, 'c' },
	ATTR_LONG_OPTIONS,
	{ NULL,		0,		   NULL, 0 }
};

/**
 * struct recv_options - the command line
 * @count: how many messages; @counted: that was given
 * @timeout_ns: negative for none
 * @max_size: size of the buffer; @sized: that was given
 * @format: NULL for the payload
 */
struct recv_options {
	const char *queue;
	uint64_t count;
	bool counted;
	bool follow;
	bool drain;
	bool nonblock;
	int64_t timeout_ns;
	int64_t interval_ns;
	size_t max_size;
	bool sized;
	bool null;
	bool raw;
	bool json;
	const char *format;
	const char *directory;
	bool verbose;
	bool create;
	struct attr_request attr;
};

static void take_option(struct recv_options *options, int option)
{
	switch (option) {
	case 'n':
		options->count = option_number("--count", optarg, 0, UINT64_MAX);
		options->counted = true;
		break;
	case 'f':
		options->follow = true;
		break;
	case 'd':
		options->drain = true;
		break;
	case 't':
		options->timeout_ns = option_duration("--timeout", optarg);
		break;
	case 'N':
		options->nonblock = true;
		break;
	case 'r':
		options->interval_ns = option_rate("--rate", optarg);
		break;
	case 's':
		options->max_size = option_size("--max-size", optarg, 0, INT32_MAX);
		options->sized = true;
		break;
	case '0':
		options->null = true;
		break;
	case OPTION_RAW:
		options->raw = true;
		break;
	case 'j':
		options->json = true;
		break;
	case 'F':
		options->format = optarg;
		break;
	case 'o':
		options->directory = optarg;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'h':
		print_help(help);
	case 'V':
		print_version();
	case 'c':
		options->create = true;
		break;
	default:
		if (!attr_option(&options->attr, option, optarg))
			point_at_help();
	}
}

static void check_options(const struct recv_options *options)
{
	if (options->follow && options->drain)
		report_misuse("choose one of --follow and --drain");
	if (options->follow && options->counted)
		report_misuse("choose one of --follow and --count");
	if ((options->drain || options->nonblock) && options->timeout_ns >= 0)
		report_misuse("--timeout is for receives that wait: leave out --drain and"
			      " --nonblock");
	if (!!options->json + !!options->format + !!options->directory > 1)
		report_misuse("choose one of --json, --format and --output-dir");
	if (options->null + options->raw + !!options->directory > 1)
		report_misuse("choose one of --null, --raw and --output-dir");
	if (attr_requested(&options->attr) && !options->create)
		report_misuse("options that describe the queue need --create");
}

static void parse(struct recv_options *options, int argc, char **argv)
{
	int option;

	*options = (struct recv_options) { .timeout_ns = -1 };
	while ((option = getopt_long(argc, argv, "n:fdt:Nr:s:0jF:o:vhVc", long_options,
				     NULL)) != -1)
		take_option(options, option);
	if (optind == argc)
		report_misuse("which queue?");
	options->queue = argument_queue(argv[optind++]);
	if (optind < argc)
		report_misuse("one queue at a time, not also '%s'", argv[optind]);
	check_options(options);
	if (!options->counted)
		options->count = options->follow || options->drain ? UINT64_MAX : 1;
}

static void choose_format(const struct recv_options *options,
			  struct message_format *format)
{
	const char *wrong = NULL;

	*format = (struct message_format) {
		.queue = options->queue,
		.json = options->json,
		.harmless = !options->raw && isatty(STDOUT_FILENO),
		.terminator = options->null ? '\0' : '\n',
		.terminated = !options->raw,
	};
	if (!options->json)
		wrong = message_format_parse(format, options->format ?: "%d");
	if (wrong)
		report_misuse("--format '%s': %s", options->format, wrong);
}

/* Say why no further message was received, and return the status for that. */
static int end_by_failure(const struct recv_options *options, int queue, int err)
{
	struct ipcq_attr attr;

	if (err == EPIPE && (options->follow || options->drain))
		return TOOL_DONE;
	if (err == EAGAIN && options->drain)
		return TOOL_DONE;
	if (err == EMSGSIZE) {
		report("the next message of '%s' has %" PRIu64 " bytes, more than"
		       " --max-size %zu: it stays in the queue", options->queue,
		       (uint64_t)received.size, options->max_size);
		return TOOL_FAILED;
	}
	report_failure(IPCQ_OP_RECV, options->queue, err);
	if (ipcq_get_attr(queue, &attr) == 0 && attr.flags & IPCQ_F_UNLINKED)
		report("the queue has been destroyed meanwhile: no new sender can come");
	return status_of(err);
}

static void report_lost(void)
{
	if (received.lost)
		report("%" PRIu64 " message%s lost before message %" PRIu64 ": purged or"
		       " dropped", (uint64_t)received.lost,
		       received.lost == 1 ? " was" : "s were", (uint64_t)received.seq);
}

static int receive_all(const struct recv_options *options, struct receiver *receiver)
{
	struct pace pace = { .interval_ns = options->interval_ns };
	uint64_t messages, bytes = 0;
	int64_t began = monotonic_ns();
	int status = TOOL_DONE;

	for (messages = 0; messages < options->count; messages++) {
		pace_wait(&pace);
		switch (receive(receiver)) {
		case RECEIVED:
			break;
		case RECEIVE_INTERRUPTED:
			/* That is how following ends. */
			status = options->follow ? TOOL_DONE : TOOL_FAILED;
			goto end;
		case RECEIVE_FAILED:
			status = end_by_failure(options, receiver->queue, errno);
			goto end;
		case RECEIVE_UNPREPARED:
			status = TOOL_FAILED;
			goto end;
		}
		report_lost();
		if (!receiver->sink->put(receiver->sink, &received, receiver->data)) {
			status = TOOL_FAILED;
			goto end;
		}
		bytes += received.size;
	}
end:
	if (options->verbose)
		report_summary("received", messages, bytes, monotonic_ns() - began);
	return status;
}

int main(int argc, char **argv)
{
	struct receiver receiver = { 0 };
	struct message_format format;
	struct recv_options options;
	struct ipcq_attr attr;
	int status;

	keep_standard_descriptors();
	parse(&options, argc, argv);
	choose_format(&options, &format);
	receiver.sink = options.directory ?
			directory_sink(options.directory, options.queue) :
			output_sink(&format);
	if (!receiver.sink)
		return TOOL_FAILED;
	receiver.queue = queue_open(options.queue, O_RDONLY,
				    options.create ? &options.attr : NULL, &attr);
	if (receiver.queue < 0)
		return TOOL_FAILED;
	receiver.nonblock = options.nonblock || options.drain;
	receiver.timeout_ns = options.timeout_ns;
	receiver.fixed = options.sized;
	receiver.room = options.sized ? options.max_size : attr.max_msg_size;

	/* A failed write is to be reported, not to be died of. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	interrupt_catch(&received);
	status = receive_all(&options, &receiver);
	receiver.sink->end(receiver.sink);
	if (interrupt_signal && status == TOOL_FAILED)
		interrupt_die();
	return status;
}
