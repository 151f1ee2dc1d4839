// SPDX-License-Identifier: GPL-2.0-only
/* Run a command whose POSIX message queues are queues of ipcq. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static const char help[] =
"Usage: ipcq-mq [OPTIONS] COMMAND [ARGUMENT...]\n"
"Run COMMAND with the calls of <mqueue.h> (mq_open, mq_send...) over ipcq: its\n"
"POSIX queue /NAME is the queue mq.NAME.\n"
"\n"
"  -v, --verbose           have it say on stderr which limit of ipcq it has met\n"
"  -h, --help\n"
"  -V, --version\n"
"\n"
"Exit status: that of COMMAND; 1 failure, 2 misuse, 126 COMMAND cannot be run,\n"
"127 there is no such COMMAND.\n";

static const struct option long_options[] = {
	{ "verbose",	no_argument,	   NULL, 'v' },
	{ "help",	no_argument,	   NULL, 'h' },
	{ "version",	no_argument,	   NULL, 'V' },
	{ NULL,		0,		   NULL, 0 }
};

#define LIBRARY		"libipcq-mqueue.so.0"
#define PRELOAD		"LD_PRELOAD"
#define VERBOSE		"IPCQ_MQUEUE_VERBOSE"

enum {
	COMMAND_CANNOT_RUN	= 126,
	COMMAND_NOT_FOUND	= 127,
};

/* In the tree it was built in the library is not where it will be installed. */
static int library_beside(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *end;

	if (length < 0)
		return 0;
	path[length] = '\0';
	end = strrchr(path, '/');
	if (!end || snprintf(end, size - (end - path), "/../libipcq-mqueue/" LIBRARY) >=
		    (int)(size - (end - path)))
		return 0;
	return access(path, R_OK) == 0;
}

static const char *find_library(void)
{
	static char beside[4096];

	if (library_beside(beside, sizeof(beside)))
		return beside;
	if (access(IPCQ_LIBDIR "/" LIBRARY, R_OK) == 0)
		return IPCQ_LIBDIR "/" LIBRARY;
	return NULL;
}

/* Before what is to be loaded already: whoever stands first is asked first. */
static int preload(const char *library)
{
	const char *others = getenv(PRELOAD);
	char *all;
	int ret;

	if (!others || !*others)
		return setenv(PRELOAD, library, 1);
	if (asprintf(&all, "%s:%s", library, others) < 0)
		report_no_memory();
	ret = setenv(PRELOAD, all, 1);
	free(all);
	return ret;
}

static int run(char **command)
{
	int err;

	execvp(command[0], command);
	err = errno;
	report("%s: %s", command[0], strerror(err));
	return err == ENOENT ? COMMAND_NOT_FOUND : COMMAND_CANNOT_RUN;
}

int main(int argc, char **argv)
{
	const char *library;
	int option;

	while ((option = getopt_long(argc, argv, "+vhV", long_options, NULL)) != -1) {
		switch (option) {
		case 'v':
			if (setenv(VERBOSE, "1", 1))
				report_no_memory();
			break;
		case 'h':
			print_help(help);
		case 'V':
			print_version();
		default:
			point_at_help();
		}
	}
	if (optind == argc)
		report_misuse("which command?");
	library = find_library();
	if (!library) {
		report("%s is neither here nor in %s", LIBRARY, IPCQ_LIBDIR);
		return TOOL_FAILED;
	}
	if (strpbrk(library, " :")) {
		report("the loader takes no spaces and colons in a path: '%s'", library);
		return TOOL_FAILED;
	}
	if (preload(library))
		report_no_memory();
	/* It may be loaded yet, and the command need not open a queue. */
	if (!ipcq_available())
		report("no queue can be opened: %s", ipcq_explain(IPCQ_OP_OPEN, ENODEV));
	return run(argv + optind);
}
