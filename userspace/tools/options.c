// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "options.h"
#include "parse.h"
#include "report.h"

uint64_t option_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	uint64_t value;

	if (!parse_number(text, min, max, &value))
		report_misuse("%s takes a number from %" PRIu64 " to %" PRIu64
			      ", not '%s'", option, min, max, text);
	return value;
}

uint64_t option_size(const char *option, const char *text, uint64_t min, uint64_t max)
{
	uint64_t bytes;

	if (!parse_size(text, &bytes))
		report_misuse("%s takes bytes, such as 4096, 64K or 1M, not '%s'",
			      option, text);
	if (bytes < min || bytes > max)
		report_misuse("%s takes %" PRIu64 " to %" PRIu64 " bytes, not '%s'", option,
			      min, max, text);
	return bytes;
}

int64_t option_duration(const char *option, const char *text)
{
	int64_t ns;

	if (!parse_duration(text, &ns))
		report_misuse("%s takes a time, such as 500ms, 2s or 1m, not '%s'",
			      option, text);
	return ns;
}

int64_t option_rate(const char *option, const char *text)
{
	int64_t interval_ns;

	if (!parse_rate(text, &interval_ns))
		report_misuse("%s takes messages a second, such as 1000 or 0.5, not '%s'",
			      option, text);
	return interval_ns;
}

uint32_t option_mode(const char *option, const char *text)
{
	uint32_t mode;

	if (!parse_mode(text, &mode))
		report_misuse("%s takes permissions in octal, 0 to 0777, not '%s'",
			      option, text);
	return mode;
}

uint32_t option_user(const char *option, const char *text)
{
	uint32_t uid;

	if (!parse_user(text, &uid))
		report_misuse("%s: no user '%s'", option, text);
	return uid;
}

uint32_t option_group(const char *option, const char *text)
{
	uint32_t gid;

	if (!parse_group(text, &gid))
		report_misuse("%s: no group '%s'", option, text);
	return gid;
}

const char *argument_queue(const char *text)
{
	static const char directory[] = QUEUE_DIRECTORY "/";
	const char *name = text;

	if (strncmp(text, directory, strlen(directory)) == 0)
		name += strlen(directory);
	if (ipcq_valid_name(name))
		return name;
	report_misuse("'%s' cannot be a queue: %s", text,
		      ipcq_explain(IPCQ_OP_OPEN, EINVAL));
}
