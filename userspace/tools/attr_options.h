/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line options that describe a queue. */
#ifndef ATTR_OPTIONS_H
#define ATTR_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include <ipcq.h>

/**
 * struct attr_request - what the options asked for
 * @attr: fields and their mask, but for flags
 * @set: IPCQ_F_* to switch on
 * @clear: IPCQ_F_* to switch off
 */
struct attr_request {
	struct ipcq_attr attr;
	unsigned int set;
	unsigned int clear;
};

/* Values that getopt_long() returns for them: above any character. */
enum {
	OPTION_MAX_MSGS = 0x100,
	OPTION_MAX_BYTES,
	OPTION_MAX_MSG_SIZE,
	OPTION_ORDER,
	OPTION_EPHEMERAL,
	OPTION_PERSISTENT,
	OPTION_HANGUP,
	OPTION_NO_HANGUP,
	OPTION_HIGH_WATER,
	OPTION_LOW_WATER,
	OPTION_MODE,
	OPTION_OWNER,
	OPTION_GROUP,
	OPTION_FREE,		/* here begin those of each tool */
};

#define ATTR_LONG_OPTIONS \
	{ "max-msgs",		required_argument, NULL, OPTION_MAX_MSGS }, \
	{ "max-bytes",		required_argument, NULL, OPTION_MAX_BYTES }, \
	{ "max-msg-size",	required_argument, NULL, OPTION_MAX_MSG_SIZE }, \
	{ "order",		required_argument, NULL, OPTION_ORDER }, \
	{ "ephemeral",		no_argument,	   NULL, OPTION_EPHEMERAL }, \
	{ "persistent",		no_argument,	   NULL, OPTION_PERSISTENT }, \
	{ "hangup",		no_argument,	   NULL, OPTION_HANGUP }, \
	{ "no-hangup",		no_argument,	   NULL, OPTION_NO_HANGUP }, \
	{ "high-water",		required_argument, NULL, OPTION_HIGH_WATER }, \
	{ "low-water",		required_argument, NULL, OPTION_LOW_WATER }, \
	{ "mode",		required_argument, NULL, OPTION_MODE }, \
	{ "owner",		required_argument, NULL, OPTION_OWNER }, \
	{ "group",		required_argument, NULL, OPTION_GROUP }

#define ATTR_HELP_CAPACITY \
"      --max-msgs N        capacity in messages\n" \
"      --max-bytes SIZE    capacity in bytes\n" \
"      --max-msg-size SIZE most bytes in one message\n" \
"      --order fifo|priority\n" \
"                          which message is received next\n" \
"      --ephemeral         destroy it when the last opener has closed it\n" \
"      --persistent        keep it (default)\n" \
"      --hangup            end of file and broken pipe, as a pipe has them\n" \
"      --no-hangup         neither (default)\n" \
"      --high-water PCT    fill level at which the event high-water is sent\n" \
"      --low-water PCT     fill level at which it is over\n"

#define ATTR_HELP_CREATION \
"      --mode OCTAL        permissions (default 600)\n" \
"      --owner USER        owner (default: you)\n" \
"      --group GROUP       group (default: yours)\n"

/* Take @option if it is one of them; false if it is not. */
bool attr_option(struct attr_request *request, int option, const char *text);

/* Did any of them occur? */
bool attr_requested(const struct attr_request *request);

/* The attributes of a new queue. */
void attr_for_creation(const struct attr_request *request, struct ipcq_attr *attr);

/* The attributes to change in a queue that has the flags @flags. */
void attr_for_change(const struct attr_request *request, unsigned int flags,
		     struct ipcq_attr *attr);

/*
 * What does not go together in a queue that has @now and is to get @asked, or in a new
 * one if @now is NULL: in words, until the next call, or NULL if that is not the matter.
 */
const char *attr_conflict(const struct ipcq_attr *asked, const struct ipcq_attr *now);

#endif /* ATTR_OPTIONS_H */
