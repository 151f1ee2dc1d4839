/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where received messages are put down.
 *
 * What can fail shall fail before a message is taken from its queue: prepare() does
 * what it can to be sure of that, and put() then has little left to stumble over.
 */
#ifndef SINK_H
#define SINK_H

#include "message_format.h"

/**
 * struct sink - a place for messages
 * @watched: descriptor that shows by POLLERR or POLLHUP that nobody takes messages
 *	there any more; -1 if there is no such thing
 */
struct sink {
	/*
	 * Be ready for a message of up to @size bytes.  Returns false after saying
	 * why that cannot be; or true, also if a signal came (see interrupt.h).
	 */
	bool (*prepare)(struct sink *sink, size_t size);
	/* Put a message down.  Returns false after saying that it is lost. */
	bool (*put)(struct sink *sink, const struct ipcq_msg *msg, const char *data);
	/* Leave nothing half done behind. */
	void (*end)(struct sink *sink);
	int watched;
};

/* Standard output, in the given format.  NULL after saying what is wrong with it. */
struct sink *output_sink(const struct message_format *format);

/* One file for each message in @directory.  NULL likewise. */
struct sink *directory_sink(const char *directory, const char *queue);

/* Say that nobody reads what is put there. */
void report_reader_gone(void);

/* Say that @msg has left its queue and did not arrive because of the errno @err. */
void report_eaten(const struct ipcq_msg *msg, int err);

#endif /* SINK_H */
