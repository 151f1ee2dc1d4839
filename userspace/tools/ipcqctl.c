// SPDX-License-Identifier: GPL-2.0-only
/* Create, change, look at and destroy queues. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attr_options.h"
#include "attr_show.h"
#include "descriptors.h"
#include "hold_open.h"
#include "options.h"
#include "quantity.h"
#include "queue_open.h"
#include "report.h"

static const char help[] =
"Usage: ipcqctl create [OPTIONS] QUEUE\n"
"       ipcqctl create --ephemeral [OPTIONS] QUEUE -- COMMAND [ARGUMENT...]\n"
"       ipcqctl set [OPTIONS] QUEUE\n"
"       ipcqctl rm [--if-empty] QUEUE...\n"
"       ipcqctl purge QUEUE...\n"
"       ipcqctl shutdown [--send] [--recv] [--undo] QUEUE\n"
"       ipcqctl list [--json]\n"
"       ipcqctl show [--json] QUEUE...\n"
"\n"
"create    create QUEUE; with COMMAND, keep it open while that runs\n"
"set       change attributes of QUEUE while it is in use\n"
"rm        destroy queues: their names are free, those who have them open go on\n"
"purge     throw away the messages that wait\n"
"shutdown  end sending (--send, the default): receivers get what waits, then end\n"
"          of file; or receiving too (--recv); or open QUEUE again (--undo)\n"
"list      all queues\n"
"show      all attributes of queues\n"
"\n"
"Options of create and set:\n"
ATTR_HELP_CAPACITY
"\n"
"Options of create:\n"
ATTR_HELP_CREATION
"\n"
"Other options:\n"
"      --if-empty          rm: not if messages wait\n"
"  -j, --json              list, show: in JSON\n"
"  -q, --quiet             rm, purge: do not say what was left\n"
"  -h, --help              show this help\n"
"  -V, --version           show the version\n"
"\n"
"SIZE is in bytes or has K, M or G behind it.\n"
"\n"
"Exit status: 0 done, 1 failure, 2 misuse; with COMMAND: that of COMMAND.\n";

enum {
	OPTION_IF_EMPTY = OPTION_FREE,
	OPTION_SEND,
	OPTION_RECV,
	OPTION_UNDO,
};

static const struct option long_options[] = {
	{ "if-empty",	no_argument, NULL, OPTION_IF_EMPTY },
	{ "send",	no_argument, NULL, OPTION_SEND },
	{ "recv",	no_argument, NULL, OPTION_RECV },
	{ "undo",	no_argument, NULL, OPTION_UNDO },
	{ "json",	no_argument, NULL, 'j' },
	{ "quiet",	no_argument, NULL, 'q' },
	{ "help",	no_argument, NULL, 'h' },
	{ "version",	no_argument, NULL, 'V' },
	ATTR_LONG_OPTIONS,
	{ NULL,		0,	     NULL, 0 }
};

/* What a command line can hold: bits of struct request.given. */
enum given {
	GIVEN_ATTR	= 1 << 0,
	GIVEN_COMMAND	= 1 << 1,
	GIVEN_IF_EMPTY	= 1 << 2,
	GIVEN_SEND	= 1 << 3,
	GIVEN_RECV	= 1 << 4,
	GIVEN_UNDO	= 1 << 5,
	GIVEN_JSON	= 1 << 6,
	GIVEN_QUIET	= 1 << 7,
};

/**
 * struct request - the command line
 * @given: GIVEN_*
 * @queues: as they were given, with NULL behind the last
 * @command: what stood behind "--"; NULL if that did not occur
 */
struct request {
	unsigned int given;
	char **queues;
	char **command;
	struct attr_request attr;
};

/* Apply @one to each queue; the worst status is that of all. */
static int for_each_queue(const struct request *request,
			  int (*one)(const struct request *request, const char *queue))
{
	int status = TOOL_DONE;
	char **queue;

	for (queue = request->queues; *queue; queue++)
		argument_queue(*queue);
	for (queue = request->queues; *queue; queue++) {
		if (one(request, argument_queue(*queue)) != TOOL_DONE)
			status = TOOL_FAILED;
	}
	return finish_output(status);
}

static int count_queues(const struct request *request)
{
	int n = 0;

	while (request->queues[n])
		n++;
	return n;
}

static const char *only_queue(const struct request *request)
{
	if (count_queues(request) != 1)
		report_misuse("which queue?  It takes exactly one");
	return argument_queue(request->queues[0]);
}

static void need_queues(const struct request *request)
{
	if (!count_queues(request))
		report_misuse("which queue?");
}

static int create_queue(const char *name, const struct ipcq_attr *attr)
{
	int fd = ipcq_create(name, attr, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		report_attr_failure(IPCQ_OP_CREATE, name, attr, NULL, errno);
	return fd;
}

static int create_persistent(const char *name, const struct attr_request *wanted)
{
	struct ipcq_attr attr;
	int fd;

	attr_for_creation(wanted, &attr);
	fd = create_queue(name, &attr);
	if (fd < 0)
		return TOOL_FAILED;
	close(fd);
	return TOOL_DONE;
}

/*
 * Create the queue and leave it open as neither a sender nor a receiver, so that it
 * lives and hangs up when those whom the command starts do.  CREATE opens it as one of
 * them, hence the detour: it becomes ephemeral when that opener has gone.
 */
static int create_held(const char *name, const struct attr_request *wanted)
{
	struct attr_request lasting = *wanted;
	struct ipcq_attr attr;
	int fd;

	lasting.set &= ~IPCQ_F_EPHEMERAL;
	if (create_persistent(name, &lasting) != TOOL_DONE)
		return -1;
	fd = queue_open(name, IPCQ_O_NEITHER, NULL, &attr);
	if (fd < 0)
		goto destroy;
	attr_for_change(&(struct attr_request) { .set = IPCQ_F_EPHEMERAL }, attr.flags,
			&attr);
	if (ipcq_set_attr(fd, &attr) == 0)
		return fd;
	report_failure(IPCQ_OP_SET_ATTR, name, errno);
	close(fd);
destroy:
	ipcq_destroy(name, 0, NULL);
	return -1;
}

static int create(const struct request *request)
{
	bool ephemeral = request->attr.set & IPCQ_F_EPHEMERAL;
	const char *name = only_queue(request);
	int status, fd;

	if (ephemeral && !request->command)
		report_misuse("an ephemeral queue would be gone when ipcqctl ends: give a"
			      " COMMAND to keep it for, or let its first user create it"
			      " (ipcq-recv --create --ephemeral)");
	if (!ephemeral && request->command)
		report_misuse("a COMMAND is for --ephemeral: other queues stay anyway");
	if (!ephemeral)
		return create_persistent(name, &request->attr);
	fd = create_held(name, &request->attr);
	if (fd < 0)
		return TOOL_FAILED;
	status = run_command(request->command);
	close(fd);
	return status;
}

static int set(const struct request *request)
{
	const char *name = only_queue(request);
	struct ipcq_attr now, attr;
	int fd, ret;

	if (!attr_requested(&request->attr))
		report_misuse("set what?");
	if (request->attr.attr.mask & (IPCQ_ATTR_MODE | IPCQ_ATTR_UID | IPCQ_ATTR_GID))
		report_misuse("owner and permissions of a queue are those of its node:"
			      " chmod, chown or setfacl " QUEUE_DIRECTORY "/%s", name);
	fd = queue_open(name, IPCQ_O_NEITHER, NULL, &now);
	if (fd < 0)
		return TOOL_FAILED;
	attr_for_change(&request->attr, now.flags, &attr);
	ret = ipcq_set_attr(fd, &attr);
	if (ret)
		report_attr_failure(IPCQ_OP_SET_ATTR, name, &attr, &now, errno);
	close(fd);
	return ret ? TOOL_FAILED : TOOL_DONE;
}

static int rm_one(const struct request *request, const char *name)
{
	unsigned int flags = request->given & GIVEN_IF_EMPTY ? IPCQ_DESTROY_IF_EMPTY : 0;
	struct ipcq_destroy left;

	if (ipcq_destroy(name, flags, &left)) {
		if (errno == EBUSY)
			report("'%s' stays: %u message%s in it", name, left.depth,
			       left.depth == 1 ? " waits" : "s wait");
		else
			report_failure(IPCQ_OP_DESTROY, name, errno);
		return TOOL_FAILED;
	}
	if (request->given & GIVEN_QUIET || (!left.depth && !left.openers))
		return TOOL_DONE;
	if (left.openers)
		printf("%s: destroyed; %u opener%s on, %u message%s until the last has"
		       " closed it\n", name, left.openers,
		       left.openers == 1 ? " goes" : "s go", left.depth,
		       left.depth == 1 ? " waits" : "s wait");
	else
		printf("%s: destroyed; %u message%s dropped\n", name, left.depth,
		       left.depth == 1 ? " was" : "s were");
	return TOOL_DONE;
}

static int rm(const struct request *request)
{
	need_queues(request);
	return for_each_queue(request, rm_one);
}

static int purge_one(const struct request *request, const char *name)
{
	struct ipcq_attr attr;
	uint64_t purged;
	int fd, ret;

	fd = queue_open(name, IPCQ_O_NEITHER, NULL, &attr);
	if (fd < 0)
		return TOOL_FAILED;
	ret = ipcq_purge(fd, &purged);
	if (ret)
		report_failure(IPCQ_OP_PURGE, name, errno);
	else if (!(request->given & GIVEN_QUIET))
		printf("%s: %" PRIu64 " message%s purged\n", name, purged,
		       purged == 1 ? " was" : "s were");
	close(fd);
	return ret ? TOOL_FAILED : TOOL_DONE;
}

static int purge(const struct request *request)
{
	need_queues(request);
	return for_each_queue(request, purge_one);
}

static int shut_down(const struct request *request)
{
	const char *name = only_queue(request);
	struct ipcq_attr attr;
	unsigned int how = 0;
	int fd, ret;

	if (request->given & GIVEN_UNDO && request->given & (GIVEN_SEND | GIVEN_RECV))
		report_misuse("choose --undo or what to shut");
	if (request->given & GIVEN_RECV)
		how |= IPCQ_SHUT_RECV;
	if (request->given & GIVEN_SEND || !(request->given & (GIVEN_RECV | GIVEN_UNDO)))
		how |= IPCQ_SHUT_SEND;
	fd = queue_open(name, IPCQ_O_NEITHER, NULL, &attr);
	if (fd < 0)
		return TOOL_FAILED;
	ret = ipcq_shutdown(fd, how);
	if (ret)
		report_failure(IPCQ_OP_SHUTDOWN, name, errno);
	close(fd);
	return ret ? TOOL_FAILED : TOOL_DONE;
}

/* See what the node shows to all, and the attributes if it may be opened. */
static bool look(const char *name, struct queue_view *view)
{
	struct stat node;
	int fd;

	memset(view, 0, sizeof(*view));
	strcpy(view->name, name);
	if (!queue_node(name, &node))
		return false;
	if (!S_ISCHR(node.st_mode)) {
		errno = ENOTTY;
		return false;
	}
	view->uid = node.st_uid;
	view->gid = node.st_gid;
	view->mode = node.st_mode & 0777;
	fd = ipcq_open(name, IPCQ_O_NEITHER | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || errno == EPERM;
	view->readable = ipcq_get_attr(fd, &view->attr) == 0;
	close(fd);
	return view->readable;
}

static int print(const struct buffer *out)
{
	fwrite(out->data, 1, out->size, stdout);
	return finish_output(TOOL_DONE);
}

static int show_one(const struct request *request, const char *name)
{
	static bool again;
	struct buffer out = { 0 };
	struct queue_view view;
	int status;

	if (!look(name, &view))
		return report_failure(IPCQ_OP_OPEN, name,
				      errno == ENOENT && !ipcq_available() ? ENODEV :
									     errno);
	if (again && !(request->given & GIVEN_JSON))
		buffer_add_char(&out, '\n');
	again = true;
	if (request->given & GIVEN_JSON) {
		view_add_json(&out, &view);
		buffer_add_char(&out, '\n');
	} else {
		view_add_lines(&out, &view);
	}
	status = print(&out);
	free(out.data);
	return status;
}

static int show(const struct request *request)
{
	need_queues(request);
	return for_each_queue(request, show_one);
}

static int print_list(const struct queue_view *views, size_t count, bool json)
{
	struct buffer out = { 0 };
	int status;
	size_t i;

	if (json) {
		for (i = 0; i < count; i++) {
			buffer_print(&out, i ? ",\n " : "[");
			view_add_json(&out, &views[i]);
		}
		buffer_print(&out, count ? "]\n" : "[]\n");
	} else {
		views_add_table(&out, views, count, isatty(STDOUT_FILENO));
	}
	status = print(&out);
	free(out.data);
	return status;
}

static int list(const struct request *request)
{
	struct queue_view *views = NULL;
	struct dirent **entries;
	size_t count = 0;
	int n, i, status;

	if (count_queues(request))
		report_misuse("list takes no names: see ipcqctl show");
	if (!ipcq_available()) {
		report("%s", ipcq_explain(IPCQ_OP_OPEN, ENODEV));
		return TOOL_FAILED;
	}
	n = scandir(QUEUE_DIRECTORY, &entries, NULL, alphasort);
	if (n < 0) {
		report("cannot read " QUEUE_DIRECTORY ": %s", strerror(errno));
		return TOOL_FAILED;
	}
	views = calloc(n, sizeof(*views));
	if (!views)
		report_no_memory();
	for (i = 0; i < n; i++) {
		/* One that is destroyed meanwhile is left out. */
		if (ipcq_valid_name(entries[i]->d_name) &&
		    look(entries[i]->d_name, &views[count]))
			count++;
		free(entries[i]);
	}
	free(entries);
	status = print_list(views, count, request->given & GIVEN_JSON);
	free(views);
	return status;
}

static const struct subcommand {
	const char *name;
	int (*run)(const struct request *request);
	unsigned int takes;
} subcommands[] = {
	{ "create",	create,		GIVEN_ATTR | GIVEN_COMMAND },
	{ "set",	set,		GIVEN_ATTR },
	{ "rm",		rm,		GIVEN_IF_EMPTY | GIVEN_QUIET },
	{ "purge",	purge,		GIVEN_QUIET },
	{ "shutdown",	shut_down,	GIVEN_SEND | GIVEN_RECV | GIVEN_UNDO },
	{ "list",	list,		GIVEN_JSON },
	{ "show",	show,		GIVEN_JSON },
};

static const struct subcommand *find_subcommand(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		if (strcmp(name, subcommands[i].name) == 0)
			return &subcommands[i];
	}
	report_misuse("there is no subcommand '%s'", name);
}

/* A subcommand that ignored what it was told would do something else than that. */
static void check_given(const struct subcommand *subcommand, unsigned int given)
{
	static const struct {
		unsigned int given;
		const char *what;
	} names[] = {
		{ GIVEN_ATTR,		"options that describe a queue" },
		{ GIVEN_COMMAND,	"a COMMAND" },
		{ GIVEN_IF_EMPTY,	"--if-empty" },
		{ GIVEN_SEND,		"--send" },
		{ GIVEN_RECV,		"--recv" },
		{ GIVEN_UNDO,		"--undo" },
		{ GIVEN_JSON,		"--json" },
		{ GIVEN_QUIET,		"--quiet" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].given & given & ~subcommand->takes)
			report_misuse("%s does not take %s", subcommand->name,
				      names[i].what);
	}
}

/* The bit of a command line option. */
static unsigned int take_option(struct attr_request *attr, int option)
{
	switch (option) {
	case OPTION_IF_EMPTY:
		return GIVEN_IF_EMPTY;
	case OPTION_SEND:
		return GIVEN_SEND;
	case OPTION_RECV:
		return GIVEN_RECV;
	case OPTION_UNDO:
		return GIVEN_UNDO;
	case 'j':
		return GIVEN_JSON;
	case 'q':
		return GIVEN_QUIET;
	case 'h':
		print_help(help);
	case 'V':
		print_version();
	default:
		if (!attr_option(attr, option, optarg))
			point_at_help();
		return GIVEN_ATTR;
	}
}

/* Cut the arguments at "--": what stands behind it is a command. */
static void find_command(struct request *request, int *argc, char **argv)
{
	int i;

	for (i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			request->command = argv + i + 1;
			request->given |= GIVEN_COMMAND;
			*argc = i;
			argv[i] = NULL;
			return;
		}
	}
}

int main(int argc, char **argv)
{
	const struct subcommand *subcommand;
	struct request request = { 0 };
	int option;

	keep_standard_descriptors();
	find_command(&request, &argc, argv);
	while ((option = getopt_long(argc, argv, "jqhV", long_options, NULL)) != -1)
		request.given |= take_option(&request.attr, option);
	if (optind == argc)
		report_misuse("do what?");
	subcommand = find_subcommand(argv[optind]);
	check_given(subcommand, request.given);
	if (request.command && !*request.command)
		report_misuse("which command?");
	request.queues = argv + optind + 1;
	return subcommand->run(&request);
}
