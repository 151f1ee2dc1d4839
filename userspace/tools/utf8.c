// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>

#include "utf8.h"

size_t utf8_length(const char *bytes, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *data = (const unsigned char *)bytes;
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
		length = utf8_length(data, size);
		if (!length)
			return false;
	}
	return true;
}

bool utf8_is_control(const char *data, size_t size)
{
	return size >= 2 && data[0] == '\xc2' && (data[1] & 0xe0) == 0x80;
}
