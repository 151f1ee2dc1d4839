// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "report.h"

bool buffer_reserve(struct buffer *buffer, size_t room)
{
	char *data;

	if (room <= buffer->room)
		return true;
	data = realloc(buffer->data, room);
	if (!data)
		return false;
	buffer->data = data;
	buffer->room = room;
	return true;
}

static void make_room(struct buffer *buffer, size_t size)
{
	if (size > buffer->room - buffer->size &&
	    !buffer_reserve(buffer, buffer->size + size + buffer->room / 2))
		report_no_memory();
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
	if (!size)
		return;
	make_room(buffer, size);
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

void buffer_add_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
	va_list args, again;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	/* vsnprintf() wants room for a NUL, which does not count. */
	make_room(buffer, length + 1);
	vsnprintf(buffer->data + buffer->size, length + 1, format, again);
	buffer->size += length;
	va_end(again);
	va_end(args);
}
