// SPDX-License-Identifier: GPL-2.0-only
/* Messages as files in a directory. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "report.h"
#include "sink.h"
#include "write_all.h"

/* ".ipcq-recv-" and 16 digits; QUEUE, "-", the sequence number and ".N". */
#define TEMPORARY_SIZE	32
#define NAME_SIZE	(IPCQ_NAME_MAX + 48)

/**
 * struct directory - a directory as a sink
 * @fd: the directory
 * @file: the file that the next message will be in; -1 if there is none yet
 * @temporary: its name until then
 * @reserved: bytes for which there is space in it
 */
struct directory {
	struct sink sink;
	const char *name;
	const char *queue;
	int fd;
	int file;
	char temporary[TEMPORARY_SIZE];
	size_t reserved;
};

static bool make_temporary(struct directory *directory)
{
	uint64_t number;

	/* A process identifier would not do: namespaces may share a directory. */
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = getpid();
	snprintf(directory->temporary, sizeof(directory->temporary),
		 ".ipcq-recv-%016" PRIx64, number);
	directory->file = openat(directory->fd, directory->temporary,
				 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	directory->reserved = 0;
	return directory->file >= 0;
}

static bool reserve(struct directory *directory, size_t size)
{
	int err;

	if (size <= directory->reserved)
		return true;
	do {
		err = posix_fallocate(directory->file, 0, size);
	} while (err == EINTR);
	/* A file system without the notion: then it shows when we write. */
	if (err && err != EOPNOTSUPP && err != EINVAL) {
		errno = err;
		return false;
	}
	directory->reserved = size;
	return true;
}

static bool prepare(struct sink *sink, size_t size)
{
	struct directory *directory = (struct directory *)sink;

	if (directory->file < 0 && !make_temporary(directory)) {
		report("cannot make a file in %s: %s: messages stay in the queue",
		       directory->name, strerror(errno));
		return false;
	}
	if (reserve(directory, size))
		return true;
	report("no room in %s for another message: %s: it stays in the queue",
	       directory->name, strerror(errno));
	return false;
}

/* Give the temporary file its name, unless there is a file of that name. */
static bool rename_to(struct directory *directory, const char *name)
{
	if (renameat2(directory->fd, directory->temporary, directory->fd, name,
		      RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	/* This file system cannot do it at once. */
	if (linkat(directory->fd, directory->temporary, directory->fd, name, 0) < 0)
		return false;
	unlinkat(directory->fd, directory->temporary, 0);
	return true;
}

/* A queue that was made anew counts from 1 again: its messages get ".2" and so on. */
static bool publish(struct directory *directory, uint64_t seq)
{
	char name[NAME_SIZE];
	unsigned int n = 1;

	snprintf(name, sizeof(name), "%s-%010" PRIu64, directory->queue, seq);
	while (!rename_to(directory, name)) {
		if (errno != EEXIST)
			return false;
		snprintf(name, sizeof(name), "%s-%010" PRIu64 ".%u", directory->queue,
			 seq, ++n);
	}
	return true;
}

static bool fill(struct directory *directory, const struct ipcq_msg *msg, const char *data)
{
	int file = directory->file;

	directory->file = -1;
	if (write_all(file, data, msg->size) && ftruncate(file, msg->size) == 0)
		return close(file) == 0;
	close(file);
	return false;
}

static bool put(struct sink *sink, const struct ipcq_msg *msg, const char *data)
{
	struct directory *directory = (struct directory *)sink;

	if (!fill(directory, msg, data)) {
		report_eaten(msg, errno);
		unlinkat(directory->fd, directory->temporary, 0);
		return false;
	}
	if (publish(directory, msg->seq))
		return true;
	report("message %" PRIu64 " is in %s/%s, which cannot be renamed: %s",
	       (uint64_t)msg->seq, directory->name, directory->temporary,
	       strerror(errno));
	return false;
}

static void end(struct sink *sink)
{
	struct directory *directory = (struct directory *)sink;

	if (directory->file >= 0) {
		unlinkat(directory->fd, directory->temporary, 0);
		close(directory->file);
	}
	close(directory->fd);
}

struct sink *directory_sink(const char *name, const char *queue)
{
	static struct directory directory = {
		.sink = { .prepare = prepare, .put = put, .end = end, .watched = -1 },
		.file = -1,
	};

	directory.name = name;
	directory.queue = queue;
	directory.fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory.fd < 0) {
		report("cannot open the directory %s: %s", name, strerror(errno));
		return NULL;
	}
	return &directory.sink;
}
