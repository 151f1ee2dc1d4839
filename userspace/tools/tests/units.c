// SPDX-License-Identifier: GPL-2.0-only
/* The parts of the tools that need no module, fed with much that is strange. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "message_format.h"
#include "parse.h"
#include "payload_source.h"
#include "utf8.h"

#define FIRST_LIMIT	10
#define SECOND_LIMIT	(1 << 20)

static int tests, failures;

static void ok(bool passed, const char *what)
{
	tests++;
	if (!passed)
		failures++;
	printf("%sok %d %s\n", passed ? "" : "not ", tests, what);
}

static bool duration_is(const char *text, int64_t expected)
{
	int64_t ns;

	if (!parse_duration(text, &ns))
		return expected < 0;
	return ns == expected;
}

static bool size_is(const char *text, uint64_t expected)
{
	uint64_t bytes;

	return parse_size(text, &bytes) && bytes == expected;
}

static void test_parse(void)
{
	int64_t interval;
	uint64_t bytes;

	ok(duration_is("1.5", 1500000000) && duration_is("0.5us", 500) &&
	   duration_is("1.5h", 5400000000000) && duration_is("0.000000001m", 60) &&
	   duration_is("100ns", 100) && duration_is("0.9ns", 0), "times");
	ok(duration_is("9223372036.854775807s", INT64_MAX) &&
	   duration_is("9223372036.854775808s", -1) &&
	   duration_is("99999999999999999999", -1), "times at the end of the range");
	ok(duration_is("", -1) && duration_is(".5", -1) && duration_is("1.", -1) &&
	   duration_is("-1", -1) && duration_is("1 s", -1) && duration_is("1d", -1) &&
	   duration_is("1.0000000001", -1), "what is no time");
	ok(size_is("0", 0) && size_is("64K", 65536) && size_is("1MiB", 1 << 20) &&
	   size_is("17179869183G", 17179869183ULL << 30), "sizes");
	ok(!parse_size("17179869184G", &bytes) && !parse_size("", &bytes) &&
	   !parse_size("K", &bytes) && !parse_size("1k", &bytes), "what is no size");
	ok(parse_rate("0.5", &interval) && interval == 2000000000 &&
	   parse_rate("1000000000", &interval) && interval == 1 &&
	   !parse_rate("0", &interval) && !parse_rate("1x", &interval), "rates");
}

/* Make @size bytes the standard input. */
static void set_stdin(const char *bytes, size_t size)
{
	FILE *file = tmpfile();

	if (!file || fwrite(bytes, 1, size, file) != size || fflush(file) ||
	    lseek(fileno(file), 0, SEEK_SET) || dup2(fileno(file), STDIN_FILENO) < 0)
		abort();
	fclose(file);
}

/* Is the stream @bytes, cut at its newlines, what comes? */
static bool comes_in_lines(const char *bytes, size_t size)
{
	size_t limit = FIRST_LIMIT, at = 0, length;
	struct payload_source source;
	enum payload_status status;
	const char *data;
	bool same = true;

	set_stdin(bytes, size);
	payloads_from_stdin(&source, '\n');
	for (;;) {
		status = payload_next(&source, limit, &data, &length);
		if (status == PAYLOAD_TOO_LARGE && limit == FIRST_LIMIT) {
			limit = SECOND_LIMIT;
			continue;
		}
		if (status != PAYLOAD_READY)
			break;
		same = at + length <= size && memcmp(bytes + at, data, length) == 0;
		at += length;
		if (same && at < size)
			same = bytes[at++] == '\n';
		if (!same)
			break;
	}
	free(source.buffer);
	return same && status == PAYLOAD_END && at == size;
}

static void test_lines(void)
{
	bool same = true;
	size_t size, i;
	char *bytes;
	int round, newlines;

	for (round = 0; round < 1000 && same; round++) {
		size = round % 4 ? rand() % 50 : rand() % 300000;
		newlines = 1 + rand() % 100000 % (size + 1);
		bytes = malloc(size + 1);
		for (i = 0; i < size; i++)
			bytes[i] = rand() % newlines ? rand() : '\n';
		same = comes_in_lines(bytes, size);
		free(bytes);
	}
	ok(same, "a stream in lines");
}

static void test_utf8(void)
{
	static const struct {
		const char *bytes;
		bool valid;
	} cases[] = {
		{ "", true }, { "a", true }, { "\x7f", true }, { "\xc2\x80", true },
		{ "\xdf\xbf", true }, { "\xe0\xa0\x80", true }, { "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true }, { "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false }, { "\xc1\xbf", false }, { "\xc2", false },
		{ "\xc2" "a", false }, { "\xe0\x9f\xbf", false }, { "\xe2\x82", false },
		{ "\xed\xa0\x80", false }, { "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false }, { "\xf8\x88\x80\x80\x80", false },
		{ "\xff", false },
	};
	bool right = true;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		right &= is_utf8(cases[i].bytes, strlen(cases[i].bytes)) ==
			 cases[i].valid;
	ok(right, "UTF-8 and what is not");
}

/* No message may become larger than the tools believe it can. */
static void test_bound(void)
{
	char queue[IPCQ_NAME_MAX + 1], bytes[300];
	struct message_format formats[2] = {
		{ .queue = queue, .json = true, .terminated = true },
		{ .queue = queue, .terminated = true },
	};
	struct buffer out = { 0 };
	struct ipcq_msg msg;
	bool within = true;
	size_t i;
	int round;

	memset(queue, 'q', IPCQ_NAME_MAX);
	queue[IPCQ_NAME_MAX] = '\0';
	if (message_format_parse(&formats[1], "%d%s%p%t%q%T%P%u%g%l%Q%%\\n\\0%d"))
		within = false;
	for (round = 0; round < 4000; round++) {
		memset(&msg, 0xff, sizeof(msg));
		msg.size = rand() % sizeof(bytes);
		/* All control characters is what makes JSON longest. */
		for (i = 0; i < msg.size; i++)
			bytes[i] = round & 2 ? rand() : 1;
		out.size = 0;
		formats[1].harmless = round & 4;
		message_format_add(&formats[round & 1], &out, &msg, bytes);
		within &= out.size <= message_format_bound(&formats[round & 1], msg.size);
	}
	ok(within, "no message becomes larger than was foreseen");
	free(out.data);
	free(formats[1].pieces.data);
}

static bool shown_as(const char *payload, bool json, const char *expected)
{
	struct message_format format = { .queue = "q", .json = json, .harmless = true };
	struct ipcq_msg msg = { .size = strlen(payload) };
	struct buffer out = { 0 };
	bool right;

	message_format_parse(&format, json ? "" : "%d");
	message_format_add(&format, &out, &msg, payload);
	buffer_add_char(&out, '\0');
	right = json ? strstr(out.data, expected) != NULL : !strcmp(out.data, expected);
	free(out.data);
	free(format.pieces.data);
	return right;
}

static void test_harmless(void)
{
	ok(shown_as("a\tb\n~ \\", false, "a\tb\n~ \\") &&
	   shown_as("\xc3\xa9 \xf0\x9f\x90\xa7", false, "\xc3\xa9 \xf0\x9f\x90\xa7"),
	   "text is shown on a terminal as it is");
	ok(shown_as("\33]0;title\a", false, "\\x1b]0;title\\x07") &&
	   shown_as("a\rb\b\x7f", false, "a\\x0db\\x08\\x7f") &&
	   shown_as("\x9b" "31m", false, "\\x9b31m") &&
	   shown_as("\xc2\x9b" "31m", false, "\\xc2\\x9b31m") &&
	   shown_as("\xe2\x82", false, "\\xe2\\x82"),
	   "what a terminal might obey is made visible");
	ok(shown_as("\33[31m", true, "\\u001b[31m") &&
	   shown_as("\xc2\x9b" "31m\xc2\xa0", true, "\\u009b31m\xc2\xa0"),
	   "nothing in JSON is obeyed by a terminal");
}

int main(void)
{
	puts("TAP version 13");
	test_parse();
	test_lines();
	test_utf8();
	test_bound();
	test_harmless();
	printf("1..%d\n", tests);
	return failures != 0;
}
