// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "payload_source.h"
#include "report.h"

#define READ_SIZE	65536

/* The whole of a stream is one payload. */
#define NO_DELIMITER	(-1)

void payloads_from_args(struct payload_source *source, char **args, uint64_t repeat)
{
	*source = (struct payload_source) { .args = args, .next = args, .repeat = repeat };
}

void payloads_from_files(struct payload_source *source, char **files, uint64_t repeat)
{
	*source = (struct payload_source) {
		.files = files, .next = files, .repeat = repeat,
		.input = -1, .delimiter = NO_DELIMITER,
	};
}

void payloads_from_stdin(struct payload_source *source, char delimiter)
{
	*source = (struct payload_source) {
		.input = STDIN_FILENO, .input_name = "standard input",
		.delimiter = (unsigned char)delimiter,
	};
}

/* The next one of @args or @files, or NULL at the end of the last round. */
static char *next_item(struct payload_source *source)
{
	if (!*source->next) {
		if (!source->repeat || !--source->repeat)
			return NULL;
		source->next = source->args ? source->args : source->files;
	}
	return source->repeat ? *source->next : NULL;
}

/* Make room behind what was read and is not yet used. */
static void make_room(struct payload_source *source)
{
	if (source->start) {
		source->end -= source->start;
		memmove(source->buffer, source->buffer + source->start, source->end);
		source->start = 0;
	}
	if (source->room - source->end >= READ_SIZE)
		return;
	source->room = source->end + READ_SIZE + source->room / 2;
	source->buffer = realloc(source->buffer, source->room);
	if (!source->buffer)
		report_no_memory();
}

/* Read on.  PAYLOAD_END says that the input ends here. */
static enum payload_status fill(struct payload_source *source)
{
	struct pollfd input = { .fd = source->input, .events = POLLIN };
	ssize_t got;

	make_room(source);
	do {
		if (interrupt_poll(&input, 1, -1) < 0 && interrupt_signal)
			return PAYLOAD_INTERRUPTED;
		got = read(source->input, source->buffer + source->end,
			   source->room - source->end);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got < 0) {
		report("cannot read %s: %s", source->input_name, strerror(errno));
		return PAYLOAD_FAILED;
	}
	source->end += got;
	return got ? PAYLOAD_READY : PAYLOAD_END;
}

/*
 * Take from the stream what stands before the next delimiter.  At its end there may
 * be something without one; if the whole stream is one payload, there always is.
 */
static enum payload_status next_of_stream(struct payload_source *source, size_t limit,
					  const char **data, size_t *size)
{
	enum payload_status status = PAYLOAD_READY;
	size_t searched = 0;
	char *end = NULL;

	for (;;) {
		if (source->delimiter != NO_DELIMITER && source->end > source->start)
			end = memchr(source->buffer + source->start + searched,
				     source->delimiter,
				     source->end - source->start - searched);
		searched = end ? (size_t)(end - source->buffer) - source->start :
				 source->end - source->start;
		if (searched > limit)
			return PAYLOAD_TOO_LARGE;
		if (end || status == PAYLOAD_END)
			break;
		status = fill(source);
		if (status == PAYLOAD_END && !searched &&
		    source->delimiter != NO_DELIMITER)
			return PAYLOAD_END;
		if (status != PAYLOAD_READY && status != PAYLOAD_END)
			return status;
	}
	*data = source->buffer + source->start;
	*size = searched;
	source->start += searched + (end ? 1 : 0);
	return PAYLOAD_READY;
}

static enum payload_status next_of_files(struct payload_source *source, size_t limit,
					 const char **data, size_t *size)
{
	const char *name = next_item(source);
	enum payload_status status;

	if (!name)
		return PAYLOAD_END;
	if (strcmp(name, "-") == 0) {
		source->input = STDIN_FILENO;
		source->input_name = "standard input";
	} else if (source->input < 0) {
		source->input_name = name;
		source->input = open(name, O_RDONLY | O_CLOEXEC);
		if (source->input < 0) {
			report("cannot open %s: %s", name, strerror(errno));
			return PAYLOAD_FAILED;
		}
	}
	status = next_of_stream(source, limit, data, size);
	if (status == PAYLOAD_TOO_LARGE)
		return status;
	if (source->input != STDIN_FILENO)
		close(source->input);
	source->input = -1;
	source->next++;
	return status;
}

enum payload_status payload_next(struct payload_source *source, size_t limit,
				 const char **data, size_t *size)
{
	if (source->files)
		return next_of_files(source, limit, data, size);
	if (!source->args)
		return next_of_stream(source, limit, data, size);
	*data = next_item(source);
	if (!*data)
		return PAYLOAD_END;
	*size = strlen(*data);
	if (*size > limit)
		return PAYLOAD_TOO_LARGE;
	source->next++;
	return PAYLOAD_READY;
}

static uint64_t count(char **items)
{
	uint64_t n = 0;

	while (items[n])
		n++;
	return n;
}

uint64_t payload_total(const struct payload_source *source)
{
	struct stat input;
	uint64_t total;

	if (!source->args && !source->files)
		return fstat(source->input, &input) == 0 && S_ISREG(input.st_mode) ?
		       input.st_size : 0;
	total = count(source->args ? source->args : source->files);
	return __builtin_mul_overflow(total, source->repeat, &total) ? 0 : total;
}
