// SPDX-License-Identifier: GPL-2.0-only
/* Messages on standard output. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <stdint.h>
#include <unistd.h>

#include "interrupt.h"
#include "report.h"
#include "sink.h"
#include "write_all.h"

/**
 * struct output - standard output as a sink
 * @text: one message as it is printed
 * @on_disk: it is a file
 * @known_free: bytes that were free on its disk when we last looked, less what we
 *	have written since
 */
struct output {
	struct sink sink;
	const struct message_format *format;
	struct buffer text;
	bool on_disk;
	uint64_t known_free;
};

/*
 * Is there room for @size bytes on the disk?  Nothing is reserved: what was and then
 * is not used would stay with the file, and giving it back could cut off what another
 * writer has appended meanwhile.  So a disk that others fill can still surprise us;
 * looking again when half of it is used up leaves them little time.
 */
static bool has_room(struct output *output, uint64_t size)
{
	struct statvfs disk;
	uint64_t blocks;

	if (output->known_free / 2 >= size)
		return true;
	/* Some file systems have no notion of their size. */
	if (fstatvfs(STDOUT_FILENO, &disk) < 0 || !disk.f_blocks)
		return true;
	blocks = geteuid() == 0 ? disk.f_bfree : disk.f_bavail;
	output->known_free = blocks * disk.f_frsize;
	return output->known_free >= size;
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
	if (output->on_disk && !has_room(output, bound)) {
		report("the disk of standard output has no room for a message of %zu bytes:"
		       " it stays in the queue (--max-size sets the largest to expect)",
		       size);
		return false;
	}
	return sink->watched < 0 || wait_for_reader();
}

static bool put(struct sink *sink, const struct ipcq_msg *msg, const char *data)
{
	struct output *output = (struct output *)sink;

	output->text.size = 0;
	message_format_add(output->format, &output->text, msg, data);
	if (write_all(STDOUT_FILENO, output->text.data, output->text.size)) {
		if (output->known_free > output->text.size)
			output->known_free -= output->text.size;
		else
			output->known_free = 0;
		return true;
	}
	report_eaten(msg, errno);
	return false;
}

static void end(struct sink *sink)
{
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
	output.on_disk = S_ISREG(file.st_mode);
	if (S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode))
		output.sink.watched = STDOUT_FILENO;
	return &output.sink;
}
