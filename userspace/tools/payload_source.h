/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the payloads that are to be sent come from. */
#ifndef PAYLOAD_SOURCE_H
#define PAYLOAD_SOURCE_H

#include <stddef.h>
#include <stdint.h>

enum payload_status {
	PAYLOAD_READY,
	PAYLOAD_END,
	PAYLOAD_TOO_LARGE,	/* larger than the limit */
	PAYLOAD_INTERRUPTED,	/* see interrupt.h */
	PAYLOAD_FAILED,		/* it has been reported why */
};

/**
 * struct payload_source - payloads, one after the other
 * @args: arguments, each of which is a payload; NULL if it is not that
 * @files: names of files, each of which is a payload ("-": stdin); NULL likewise
 * @next: the one of @args or @files that comes next; NULL stands behind the last
 * @repeat: how many more times @args or @files come
 * @input: descriptor that a stream is read from
 * @input_name: for messages about it
 * @delimiter: the byte that ends a payload of the stream; -1: only its end does
 * @buffer: what was read; @start to @end is not yet used
 */
struct payload_source {
	char **args;
	char **files;
	char **next;
	uint64_t repeat;

	int input;
	const char *input_name;
	int delimiter;
	char *buffer;
	size_t room;
	size_t start;
	size_t end;
};

/* Each of @args is a payload, and all of them again until they came @repeat times. */
void payloads_from_args(struct payload_source *source, char **args, uint64_t repeat);

/* The same with the contents of @files. */
void payloads_from_files(struct payload_source *source, char **files, uint64_t repeat);

/* What stands on stdin before each @delimiter, and behind the last if anything. */
void payloads_from_stdin(struct payload_source *source, char delimiter);

/*
 * Get the next payload, of at most @limit bytes.  It is valid until the next call.
 * After PAYLOAD_TOO_LARGE the call may be repeated with a higher limit.
 */
enum payload_status payload_next(struct payload_source *source, size_t limit,
				 const char **data, size_t *size);

/* How many payloads or, of a stream, bytes there are; 0 if nobody can know. */
uint64_t payload_total(const struct payload_source *source);

#endif /* PAYLOAD_SOURCE_H */
