/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a message is text. */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the UTF-8 sequence at @bytes, shortest form only; 0 if there is none. */
size_t utf8_length(const char *bytes, size_t size);

/* Is all of it UTF-8? */
bool is_utf8(const char *data, size_t size);

/*
 * Does it begin with one of the control characters U+0080 to U+009F?  To a terminal
 * they can be what a sequence with an escape is; ASCII ones are the caller's to know.
 */
bool utf8_is_control(const char *data, size_t size);

#endif /* UTF8_H */
