// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>

#include "json.h"
#include "utf8.h"

static void add_char(struct buffer *json, unsigned char c)
{
	if (c == '"' || c == '\\') {
		buffer_add_char(json, '\\');
		buffer_add_char(json, c);
	} else if (c == '\n') {
		buffer_add(json, "\\n", 2);
	} else if (c == '\t') {
		buffer_add(json, "\\t", 2);
	} else if (c < 0x20 || c == 0x7f) {
		buffer_print(json, "\\u%04x", c);
	} else {
		buffer_add_char(json, c);
	}
}

void json_add_string(struct buffer *json, const char *data, size_t size)
{
	size_t i;

	buffer_add_char(json, '"');
	for (i = 0; i < size; i++) {
		if (utf8_is_control(data + i, size - i))
			buffer_print(json, "\\u%04x", (unsigned char)data[++i]);
		else
			add_char(json, data[i]);
	}
	buffer_add_char(json, '"');
}

void json_add_base64(struct buffer *json, const char *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *byte = (const unsigned char *)data;
	uint32_t three;
	size_t rest;

	buffer_add_char(json, '"');
	for (; size; byte += rest, size -= rest) {
		rest = size < 3 ? size : 3;
		three = byte[0] << 16;
		if (rest > 1)
			three |= byte[1] << 8;
		if (rest > 2)
			three |= byte[2];
		buffer_add_char(json, digits[three >> 18]);
		buffer_add_char(json, digits[three >> 12 & 63]);
		buffer_add_char(json, rest > 1 ? digits[three >> 6 & 63] : '=');
		buffer_add_char(json, rest > 2 ? digits[three & 63] : '=');
	}
	buffer_add_char(json, '"');
}
