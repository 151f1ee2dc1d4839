/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that are put together in memory. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct buffer - some bytes; begins as all zero
 * @data: the bytes
 * @size: how many
 * @room: for how many there is memory
 */
struct buffer {
	char *data;
	size_t size;
	size_t room;
};

/* Get memory for @room bytes; false if there is none. */
bool buffer_reserve(struct buffer *buffer, size_t room);

/* Append, and end the tool if memory runs out. */
void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_add_char(struct buffer *buffer, char c);
__attribute__((format(printf, 2, 3)))
void buffer_print(struct buffer *buffer, const char *format, ...);

#endif /* BUFFER_H */
