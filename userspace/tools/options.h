/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arguments of command line options.  Each function returns the value, or says what
 * is wrong with @text as the argument of @option and ends the tool.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

#define QUEUE_DIRECTORY	"/dev/ipcq"

uint64_t option_number(const char *option, const char *text, uint64_t min, uint64_t max);
uint64_t option_size(const char *option, const char *text, uint64_t min, uint64_t max);
int64_t option_duration(const char *option, const char *text);
int64_t option_rate(const char *option, const char *text);
uint32_t option_mode(const char *option, const char *text);
uint32_t option_user(const char *option, const char *text);
uint32_t option_group(const char *option, const char *text);

/* The name of a queue, given as NAME, or as /dev/ipcq/NAME: so shells complete it. */
const char *argument_queue(const char *text);

#endif /* OPTIONS_H */
