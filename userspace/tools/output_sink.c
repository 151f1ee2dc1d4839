// SPDX-License-Identifier: GPL-2.0-only
/* Messages on standard output. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "report.h"
#include "sink.h"
#include "write_all.h"

/**
 * struct output - standard output as a sink
 * @text: one message as it is printed
 * @reserves: it is a file in which space can be reserved
 * @reserved_end: up to here there is
 */
struct output {
	struct sink sink;
	const struct message_format *format;
	struct buffer text;
	bool reserves;
	off_t reserved_end;
};

/* Where the next write to the file goes. */
static off_t position(void)
{
	struct stat file;

	if (!(fcntl(STDOUT_FILENO, F_GETFL) & O_APPEND))
		return lseek(STDOUT_FILENO, 0, SEEK_CUR);
	return fstat(STDOUT_FILENO, &file) == 0 ? file.st_size : -1;
}

/*
 * Reserve space on the disk without changing the file's size.  Some file systems
 * cannot; then a full disk is only seen when a message is being written.
 */
static bool reserve(struct output *output, size_t size)
{
	off_t begin = position();

	if (begin < 0 || begin + (off_t)size <= output->reserved_end)
		return true;
	if (fallocate(STDOUT_FILENO, FALLOC_FL_KEEP_SIZE, begin, size) == 0) {
		output->reserved_end = begin + size;
		return true;
	}
	if (errno == EINTR)
		return true;
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
		report("no room in standard output for another message: %s: it stays in"
		       " the queue", strerror(errno));
		return false;
	}
	output->reserves = false;
	return true;
}

/* Wait until a write would not block, so that a signal can end the wait. */
static bool wait_for_reader(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (interrupt_poll(&output, 1, -1) < 0)
		return true;
	if (!(output.revents & (POLLERR | POLLHUP | POLLNVAL)))
		return true;
	report_reader_gone();
	return false;
}

static bool prepare(struct sink *sink, size_t size)
{
	struct output *output = (struct output *)sink;
	size_t bound = message_format_bound(output->format, size);

	if (!buffer_reserve(&output->text, bound))
		report_no_memory();
	if (output->reserves && !reserve(output, bound))
		return false;
	return sink->watched < 0 || wait_for_reader();
}

static bool put(struct sink *sink, const struct ipcq_msg *msg, const char *data)
{
	struct output *output = (struct output *)sink;

	output->text.size = 0;
	message_format_add(output->format, &output->text, msg, data);
	if (write_all(STDOUT_FILENO, output->text.data, output->text.size))
		return true;
	report_eaten(msg, errno);
	return false;
}

static void end(struct sink *sink)
{
	/*
	 * What was reserved and not used stays with the file: giving it back could
	 * cut off what another writer has appended meanwhile.
	 */
	(void)sink;
}

struct sink *output_sink(const struct message_format *format)
{
	static struct output output = {
		.sink = { .prepare = prepare, .put = put, .end = end, .watched = -1 },
	};
	struct stat file;

	if (fstat(STDOUT_FILENO, &file) < 0 ||
	    (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		report("standard output is closed: there is nowhere to put a message");
		return NULL;
	}
	output.format = format;
	output.reserves = S_ISREG(file.st_mode);
	if (S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode))
		output.sink.watched = STDOUT_FILENO;
	return &output.sink;
}
