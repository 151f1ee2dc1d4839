// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hold_open.h"
#include "report.h"

#define CANNOT_RUN	126
#define NOT_FOUND	127

static volatile pid_t child;

static void pass_on(int signal)
{
	if (child > 0)
		kill(child, signal);
}

/*
 * The terminal sends SIGINT and SIGQUIT to the command as well: it decides.  What is
 * sent to us alone is passed on.
 */
static void leave_signals_to_command(void)
{
	struct sigaction forward = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigaction(SIGTERM, &forward, NULL);
	sigaction(SIGHUP, &forward, NULL);
}

static void become(char **command)
{
	execvp(command[0], command);
	report("cannot run %s: %s", command[0], strerror(errno));
	_exit(errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

int run_command(char **command)
{
	sigset_t all, before;
	int status;

	/* No signal between the fork and the moment at which we can pass it on. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	child = fork();
	if (child < 0) {
		report("cannot run %s: %s", command[0], strerror(errno));
		return CANNOT_RUN;
	}
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		become(command);
	}
	leave_signals_to_command();
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return TOOL_FAILED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
