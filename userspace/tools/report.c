// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* In one write, so that the lines of two tools that share a stderr stay apart. */
static void vreport(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0) {
		fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
		return;
	}
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	free(text);
}

void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vreport(format, args);
	va_end(args);
}

void point_at_help(void)
{
	fprintf(stderr, "Try '%s --help'.\n", program_invocation_short_name);
	exit(TOOL_MISUSED);
}

void report_misuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vreport(format, args);
	va_end(args);
	point_at_help();
}

int status_of(int err)
{
	return err == EAGAIN || err == ETIMEDOUT ? TOOL_WOULD_BLOCK : TOOL_FAILED;
}

void report_refusal(enum ipcq_op op, const char *queue, const char *reason)
{
	static const char *const verbs[] = {
		[IPCQ_OP_OPEN]		= "open",
		[IPCQ_OP_CREATE]	= "create",
		[IPCQ_OP_DESTROY]	= "destroy",
		[IPCQ_OP_OPEN_END]	= "open",
		[IPCQ_OP_SEND]		= "send to",
		[IPCQ_OP_RECV]		= "receive from",
		[IPCQ_OP_GET_ATTR]	= "read the attributes of",
		[IPCQ_OP_SET_ATTR]	= "change",
		[IPCQ_OP_PURGE]		= "purge",
		[IPCQ_OP_SHUTDOWN]	= "shut down",
	};

	report("cannot %s '%s': %s", verbs[op], queue, reason);
}

int report_failure(enum ipcq_op op, const char *queue, int err)
{
	report_refusal(op, queue, ipcq_explain(op, err));
	return status_of(err);
}

void report_no_memory(void)
{
	report("out of memory");
	exit(TOOL_FAILED);
}

int finish_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	report("cannot write to standard output: %s", strerror(errno));
	return TOOL_FAILED;
}

void print_version(void)
{
	printf("%s (ipcq) %s\n", program_invocation_short_name, ipcq_version());
	exit(finish_output(TOOL_DONE));
}

void print_help(const char *text)
{
	fputs(text, stdout);
	exit(finish_output(TOOL_DONE));
}
