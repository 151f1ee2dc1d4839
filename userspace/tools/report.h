/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tools tell the user, and with which status they end. */
#ifndef REPORT_H
#define REPORT_H

#include <ipcq.h>

/* Exit statuses of all tools. */
enum {
	TOOL_DONE		= 0,
	TOOL_FAILED		= 1,
	TOOL_MISUSED		= 2,
	TOOL_WOULD_BLOCK	= 3,	/* timed out, or nonblocking and it would */
};

/* Say something on stderr, after the tool's name. */
__attribute__((format(printf, 1, 2)))
void report(const char *format, ...);

/* The same, and point at --help and end with TOOL_MISUSED. */
__attribute__((format(printf, 1, 2), noreturn))
void report_misuse(const char *format, ...);

/* End with TOOL_MISUSED after getopt_long() has said what is wrong. */
__attribute__((noreturn))
void point_at_help(void);

/* Say that @op failed on @queue with @err, and return the exit status for that. */
int report_failure(enum ipcq_op op, const char *queue, int err);

/* The same, for a @reason that is known better than an errno tells. */
void report_refusal(enum ipcq_op op, const char *queue, const char *reason);

/* The exit status for the errno @err. */
int status_of(int err);

/* Memory ran out: say so and end. */
__attribute__((noreturn))
void report_no_memory(void);

/* Answer --version and --help; end with TOOL_DONE, or TOOL_FAILED if nobody got it. */
__attribute__((noreturn))
void print_version(void);
__attribute__((noreturn))
void print_help(const char *text);

/* Flush stdout; if that fails, say so and return TOOL_FAILED, else @status. */
int finish_output(int status);

#endif /* REPORT_H */
