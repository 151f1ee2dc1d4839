// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "message_format.h"
#include "utf8.h"

/* More than any field but the payload takes, and than all of them in JSON. */
#define FIELD_BOUND	64
#define JSON_BOUND	512

/* A byte becomes \xXX. */
#define HARMLESS_GROWTH	4

#define NSEC_PER_SEC	1000000000ULL

/*
 * In struct message_format.pieces a field is FIELD and its letter, a byte is BYTE and
 * itself: two bytes each.
 */
enum piece {
	FIELD = 1,
	BYTE = 2,
};

static void add_piece(struct message_format *format, enum piece piece, char c)
{
	buffer_add_char(&format->pieces, piece);
	buffer_add_char(&format->pieces, c);
}

/* The character that a backslash and @c stand for; -1 if there is none. */
static int unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case '0':
		return '\0';
	case '\\':
		return '\\';
	default:
		return -1;
	}
}

const char *message_format_parse(struct message_format *format, const char *text)
{
	int c;

	for (; *text; text++) {
		if (*text == '\\') {
			c = unescape(*++text);
			if (c < 0)
				return "after \\ stands one of n t r 0 \\";
			add_piece(format, BYTE, c);
		} else if (*text != '%') {
			add_piece(format, BYTE, *text);
		} else if (*++text == '%') {
			add_piece(format, BYTE, '%');
		} else if (*text && strchr("dsptqTPuglQ", *text)) {
			add_piece(format, FIELD, *text);
		} else {
			return "after % stands one of d s p t q T P u g l Q %";
		}
	}
	return NULL;
}

size_t message_format_bound(const struct message_format *format, size_t size)
{
	size_t payload = size * (format->harmless ? HARMLESS_GROWTH : 1);
	size_t bound = 1, i;

	if (format->json)
		return JSON_BOUND + size * JSON_GROWTH;
	for (i = 0; i < format->pieces.size; i += 2) {
		if (format->pieces.data[i] == BYTE)
			bound += 1;
		else
			bound += format->pieces.data[i + 1] == 'd' ? payload : FIELD_BOUND;
	}
	return bound;
}

/* The length of the character at @data that a terminal just shows; 0 if it may not. */
static size_t visible_length(const char *data, size_t size)
{
	unsigned char c = *data;

	if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || utf8_is_control(data, size))
		return 0;
	return utf8_length(data, size);
}

/*
 * Whoever may send could otherwise move the cursor, set the title or type on the
 * terminal of whoever receives.
 */
static void add_harmless(struct buffer *out, const char *data, size_t size)
{
	size_t length;

	for (; size; data += length, size -= length) {
		length = visible_length(data, size);
		if (length) {
			buffer_add(out, data, length);
		} else {
			length = 1;
			buffer_print(out, "\\x%02x", (unsigned char)*data);
		}
	}
}

static void add_field(const struct message_format *format, struct buffer *out, char field,
		      const struct ipcq_msg *msg, const char *data)
{
	switch (field) {
	case 'd':
		if (format->harmless)
			add_harmless(out, data, msg->size);
		else
			buffer_add(out, data, msg->size);
		break;
	case 's':
		buffer_print(out, "%" PRIu64, (uint64_t)msg->size);
		break;
	case 'p':
		buffer_print(out, "%u", msg->prio);
		break;
	case 't':
		buffer_print(out, "%u", msg->type);
		break;
	case 'q':
		buffer_print(out, "%" PRIu64, (uint64_t)msg->seq);
		break;
	case 'T':
		buffer_print(out, "%" PRIu64 ".%09" PRIu64,
			     (uint64_t)(msg->time_ns / NSEC_PER_SEC),
			     (uint64_t)(msg->time_ns % NSEC_PER_SEC));
		break;
	case 'P':
		buffer_print(out, "%u", msg->pid);
		break;
	case 'u':
		buffer_print(out, "%u", msg->uid);
		break;
	case 'g':
		buffer_print(out, "%u", msg->gid);
		break;
	case 'l':
		buffer_print(out, "%" PRIu64, (uint64_t)msg->lost);
		break;
	case 'Q':
		buffer_add(out, format->queue, strlen(format->queue));
		break;
	}
}

static void add_json(struct buffer *out, const char *queue, const struct ipcq_msg *msg,
		     const char *data)
{
	buffer_print(out, "{\"queue\":\"%s\",\"seq\":%" PRIu64 ",\"time_ns\":%" PRIu64
		     ",\"priority\":%u,\"type\":%u,\"size\":%" PRIu64
		     ",\"pid\":%u,\"uid\":%u,\"gid\":%u,\"lost\":%" PRIu64,
		     queue, (uint64_t)msg->seq, (uint64_t)msg->time_ns, msg->prio,
		     msg->type, (uint64_t)msg->size, msg->pid, msg->uid, msg->gid,
		     (uint64_t)msg->lost);
	if (is_utf8(data, msg->size)) {
		buffer_print(out, ",\"data\":");
		json_add_string(out, data, msg->size);
	} else {
		buffer_print(out, ",\"data_base64\":");
		json_add_base64(out, data, msg->size);
	}
	buffer_add_char(out, '}');
}

void message_format_add(const struct message_format *format, struct buffer *out,
			const struct ipcq_msg *msg, const char *data)
{
	const char *piece = format->pieces.data;
	const char *end = piece + format->pieces.size;

	if (format->json)
		add_json(out, format->queue, msg, data);
	for (; piece < end; piece += 2) {
		if (piece[0] == BYTE)
			buffer_add_char(out, piece[1]);
		else
			add_field(format, out, piece[1], msg, data);
	}
	if (format->terminated)
		buffer_add_char(out, format->terminator);
}
