/* SPDX-License-Identifier: GPL-2.0-only */
/* Received messages as text. */
#ifndef MESSAGE_FORMAT_H
#define MESSAGE_FORMAT_H

#include <ipcq.h>

#include "buffer.h"

/**
 * struct message_format - how a message is printed
 * @queue: its name
 * @json: as an object; else as @pieces say
 * @pieces: a format with its escapes resolved: PIECE_* and the bytes between
 * @harmless: make visible in a payload what a terminal might take for a command
 * @terminator: what stands behind each message; @terminated: if anything does
 */
struct message_format {
	const char *queue;
	bool json;
	struct buffer pieces;
	bool harmless;
	char terminator;
	bool terminated;
};

/*
 * Understand what --format says: % and a letter for a field, \ and a letter for a
 * special character.  Returns NULL, or what in it is wrong.
 */
const char *message_format_parse(struct message_format *format, const char *text);

/* The most bytes that a message of @size bytes becomes. */
size_t message_format_bound(const struct message_format *format, size_t size);

/* Append a message. */
void message_format_add(const struct message_format *format, struct buffer *out,
			const struct ipcq_msg *msg, const char *data);

#endif /* MESSAGE_FORMAT_H */
