// SPDX-License-Identifier: GPL-2.0-only
/* Send messages to a queue. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descriptors.h"
#include "interrupt.h"
#include "options.h"
#include "pace.h"
#include "payload_source.h"
#include "progress.h"
#include "quantity.h"
#include "queue_open.h"
#include "report.h"

static const char help[] =
"Usage: ipcq-send [OPTIONS] QUEUE [MESSAGE...]\n"
"Send each MESSAGE to QUEUE or, without any, each line of standard input.\n"
"\n"
"  -0, --null              stdin is separated by NUL bytes, not by newlines\n"
"  -w, --whole             all of stdin is one message\n"
"  -f, --file FILE         the contents of FILE are one message; may be repeated\n"
"  -p, --priority N        0 (default) to 32767, the highest\n"
"      --type N            tag that the kernel carries and does not read\n"
"  -t, --timeout TIME      wait no longer than that for room, for each message\n"
"  -n, --nonblock          do not wait at all\n"
"  -r, --rate N            send no more than N messages a second\n"
"      --repeat N          send the messages (or files) N times over\n"
"  -q, --quiet             no progress on the terminal\n"
"  -v, --verbose           say at the end how much was sent\n"
"  -h, --help              show this help\n"
"  -V, --version           show the version\n"
"\n"
"  -c, --create            create QUEUE if it does not exist, with these:\n"
ATTR_HELP_CAPACITY
ATTR_HELP_CREATION
"\n"
"SIZE is in bytes or has K, M or G behind it; TIME is in seconds or has ns, us,\n"
"ms, s, m or h behind it.  A MESSAGE that begins with '-' needs '--' before it.\n"
"\n"
"Exit status: 0 all was sent, 1 failure, 2 misuse, 3 timed out or would block.\n";

enum {
	OPTION_TYPE = OPTION_FREE,
	OPTION_REPEAT,
};

static const struct option long_options[] = {
	{ "null",	no_argument,	   NULL, '0' },
	{ "whole",	no_argument,	   NULL, 'w' },
	{ "file",	required_argument, NULL, 'f' },
	{ "priority",	required_argument, NULL, 'p' },
	{ "type",	required_argument, NULL, OPTION_TYPE },
	{ "timeout",	required_argument, NULL, 't' },
	{ "nonblock",	no_argument,	   NULL, 'n' },
	{ "rate",	required_argument, NULL, 'r' },
	{ "repeat",	required_argument, NULL, OPTION_REPEAT },
	{ "quiet",	no_argument,	   NULL, 'q' },
	{ "verbose",	no_argument,	   NULL, 'v' },
	{ "help",	no_argument,	   NULL, 'h' },
	{ "version",	no_argument,	   NULL, 'V' },
	{ "create",	no_argument,	   NULL, 'c' },
	ATTR_LONG_OPTIONS,
	{ NULL,		0,		   NULL, 0 }
};

/**
 * struct send_options - the command line
 * @timeout_ns: for each message; negative for none
 * @files: with NULL behind the last; NULL if none was given
 */
struct send_options {
	const char *queue;
	char **messages;
	char **files;
	size_t nr_files;
	bool null;
	bool whole;
	bool nonblock;
	bool quiet;
	bool verbose;
	bool create;
	bool repeated;
	uint64_t repeat;
	unsigned int prio;
	unsigned int type;
	int64_t timeout_ns;
	int64_t interval_ns;
	struct attr_request attr;
};

static void add_file(struct send_options *options, char *name)
{
	options->files = reallocarray(options->files, options->nr_files + 2,
				      sizeof(*options->files));
	if (!options->files)
		report_no_memory();
	options->files[options->nr_files++] = name;
	options->files[options->nr_files] = NULL;
}

static void take_option(struct send_options *options, int option)
{
	switch (option) {
	case '0':
		options->null = true;
		break;
	case 'w':
		options->whole = true;
		break;
	case 'f':
		add_file(options, optarg);
		break;
	case 'p':
		options->prio = option_number("--priority", optarg, 0, IPCQ_PRIO_MAX);
		break;
	case OPTION_TYPE:
		options->type = option_number("--type", optarg, 0, UINT32_MAX);
		break;
	case 't':
		options->timeout_ns = option_duration("--timeout", optarg);
		break;
	case 'n':
		options->nonblock = true;
		break;
	case 'r':
		options->interval_ns = option_rate("--rate", optarg);
		break;
	case OPTION_REPEAT:
		options->repeat = option_number("--repeat", optarg, 0, UINT64_MAX);
		options->repeated = true;
		break;
	case 'q':
		options->quiet = true;
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

static void check_options(const struct send_options *options)
{
	if (!!*options->messages + !!options->files + options->null + options->whole > 1)
		report_misuse("choose one of MESSAGE, --file, --null and --whole");
	if (options->repeated && !*options->messages && !options->files)
		report_misuse("--repeat needs messages as arguments or --file");
	if (options->nonblock && options->timeout_ns >= 0)
		report_misuse("choose one of --nonblock and --timeout");
	if (attr_requested(&options->attr) && !options->create)
		report_misuse("options that describe the queue need --create");
}

static void parse(struct send_options *options, int argc, char **argv)
{
	int option;

	*options = (struct send_options) { .timeout_ns = -1, .repeat = 1 };
	while ((option = getopt_long(argc, argv, "0wf:p:t:nr:qvhVc", long_options,
				     NULL)) != -1)
		take_option(options, option);
	if (optind == argc)
		report_misuse("which queue?");
	options->queue = argument_queue(argv[optind]);
	options->messages = argv + optind + 1;
	check_options(options);
}

static void choose_source(const struct send_options *options,
			  struct payload_source *source)
{
	static char *whole_stdin[] = { "-", NULL };

	if (*options->messages)
		payloads_from_args(source, options->messages, options->repeat);
	else if (options->files)
		payloads_from_files(source, options->files, options->repeat);
	else if (options->whole)
		payloads_from_files(source, whole_stdin, 1);
	else
		payloads_from_stdin(source, options->null ? '\0' : '\n');
}

/**
 * struct sender - a run
 * @msg: what the next ipcq_send() passes; static, for interrupt.h
 * @limit: the queue's max_msg_size when we last looked
 */
struct sender {
	const struct send_options *options;
	struct payload_source source;
	struct pace pace;
	int queue;
	size_t limit;
	uint64_t messages;
	uint64_t bytes;
	int64_t began_ns;
};

static struct ipcq_msg msg;

/* Say where we stopped.  What came before is sent and stays so. */
static void report_position(const struct sender *sender)
{
	progress_end();
	report("%" PRIu64 " message%s sent; message %" PRIu64 " was not",
	       sender->messages, PLURAL(sender->messages), sender->messages + 1);
}

static int end_by_failure(const struct sender *sender, int err)
{
	progress_end();
	report_failure(IPCQ_OP_SEND, sender->options->queue, err);
	report_position(sender);
	return status_of(err);
}

static int end_by_size(const struct sender *sender)
{
	progress_end();
	report("message %" PRIu64 " is larger than the max_msg_size of '%s', %zu bytes:"
	       " see ipcqctl set --max-msg-size", sender->messages + 1,
	       sender->options->queue, sender->limit);
	report_position(sender);
	return TOOL_FAILED;
}

static void set_patience(const struct send_options *options)
{
	struct timespec until;
	int64_t ns;

	msg.flags = IPCQ_MSG_NOSIGNAL | (options->nonblock ? IPCQ_MSG_NONBLOCK : 0);
	msg.timeout_ns = 0;
	if (options->timeout_ns < 0)
		return;
	/* A point in time: it stays the same when the call is made again. */
	if (__builtin_add_overflow(monotonic_ns(), options->timeout_ns, &ns))
		ns = INT64_MAX;
	until.tv_sec = ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	ipcq_set_timeout(&msg, &until, IPCQ_MSG_ABSTIME);
}

/* Send one message: 0, or the errno.  EINTR says that interrupt_signal is set. */
static int send_one(struct sender *sender, const char *data, size_t size)
{
	int err;

	msg.prio = sender->options->prio;
	msg.type = sender->options->type;
	set_patience(sender->options);
	progress_now.sending = true;
	do {
		if (interrupt_signal)
			err = EINTR;
		else
			err = ipcq_send(sender->queue, data, size, &msg) ? errno : 0;
	} while (err == EINTR && !interrupt_signal);
	progress_now.sending = false;
	return err == EAGAIN && interrupt_signal ? EINTR : err;
}

/* Has the queue's owner raised max_msg_size since we last looked? */
static bool limit_raised(struct sender *sender)
{
	size_t before = sender->limit;
	struct ipcq_attr attr;

	if (ipcq_get_attr(sender->queue, &attr) == 0)
		sender->limit = attr.max_msg_size;
	return sender->limit > before;
}

static void count(struct sender *sender, size_t size)
{
	bool by_message = sender->source.args || sender->source.files;

	sender->messages++;
	sender->bytes += size;
	progress_now.messages = sender->messages;
	progress_now.bytes = sender->bytes;
	progress_now.done += by_message ? 1 : size + 1;
}

static int send_all(struct sender *sender)
{
	const char *data;
	size_t size;
	int err;

	for (;;) {
		switch (payload_next(&sender->source, sender->limit, &data, &size)) {
		case PAYLOAD_READY:
			break;
		case PAYLOAD_END:
			return TOOL_DONE;
		case PAYLOAD_TOO_LARGE:
			if (limit_raised(sender))
				continue;
			return end_by_size(sender);
		case PAYLOAD_INTERRUPTED:
		case PAYLOAD_FAILED:
			report_position(sender);
			return TOOL_FAILED;
		}
		pace_wait(&sender->pace);
		err = send_one(sender, data, size);
		if (err == EINTR) {
			report_position(sender);
			return TOOL_FAILED;
		}
		if (err)
			return end_by_failure(sender, err);
		count(sender, size);
	}
}

int main(int argc, char **argv)
{
	struct send_options options;
	struct sender sender = { .options = &options };
	struct ipcq_attr attr;
	int status;

	keep_standard_descriptors();
	parse(&options, argc, argv);
	sender.queue = queue_open(options.queue, O_WRONLY,
				  options.create ? &options.attr : NULL, &attr);
	if (sender.queue < 0)
		return TOOL_FAILED;
	sender.limit = attr.max_msg_size;
	sender.pace.interval_ns = options.interval_ns;
	choose_source(&options, &sender.source);

	interrupt_catch(&msg);
	sender.began_ns = monotonic_ns();
	if (!options.quiet)
		progress_begin(payload_total(&sender.source));
	status = send_all(&sender);
	progress_end();
	if (options.verbose)
		report_summary("sent", sender.messages, sender.bytes,
			       monotonic_ns() - sender.began_ns);
	if (interrupt_signal && status != TOOL_DONE)
		interrupt_die();
	return status;
}
