// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>

#include "json.h"

/* The length of the UTF-8 sequence at @data, shortest form only; 0 if there is none. */
static size_t utf8_length(const unsigned char *data, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length, i;
	uint32_t code;

	if (data[0] < 0x80)
		return 1;
	if (data[0] >= 0xf8 || data[0] < 0xc0)
		return 0;
	length = data[0] >= 0xf0 ? 4 : data[0] >= 0xe0 ? 3 : 2;
	if (length > size)
		return 0;
	code = data[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (data[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

bool is_utf8(const char *data, size_t size)
{
	size_t length;

	for (; size; data += length, size -= length) {
		length = utf8_length((const unsigned char *)data, size);
		if (!length)
			return false;
	}
	return true;
}

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
	for (i = 0; i < size; i++)
		add_char(json, data[i]);
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
