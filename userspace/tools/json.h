/* SPDX-License-Identifier: GPL-2.0-only */
/* Values in JSON. */
#ifndef JSON_H
#define JSON_H

#include "buffer.h"

/* A byte of a payload becomes this many at most, as \u00XX does. */
#define JSON_GROWTH	6

/* Append a string, which must be UTF-8, with its quotation marks. */
void json_add_string(struct buffer *json, const char *data, size_t size);

/* Append any bytes as a string in base64. */
void json_add_base64(struct buffer *json, const char *data, size_t size);

#endif /* JSON_H */
