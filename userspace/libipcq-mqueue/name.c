// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names.
 *
 * The queue of "/NAME" is called mq.NAME, so that it is told apart from queues that
 * were not made by mq_open().  A POSIX name has bytes that a queue's may not have:
 *
 *	A-Z a-z 0-9 _ -		as they are
 *	.			..
 *	any other byte		. and its two hexadecimal digits
 *
 * and it may be longer.  What does not fit is cut, and ends in ".-" and a digest of
 * the whole name.  No two names share a queue, as long as nobody finds two with the
 * same half of a SHA-256.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define PREFIX		"mq."
#define ROOM		(IPCQ_NAME_MAX - (sizeof(PREFIX) - 1))

/* Five bits make one character. */
#define DIGEST_BITS	130
#define DIGEST_MARK	".-"
#define DIGEST_ROOM	(sizeof(DIGEST_MARK) - 1 + DIGEST_BITS / 5)

/* The errors of mq_open(2), in its order. */
static int check(const char *rest)
{
	size_t length = strlen(rest);

	if (length >= PATH_MAX)
		errno = ENAMETOOLONG;
	else if (!length)
		errno = ENOENT;
	else if (strcmp(rest, ".") == 0 || strcmp(rest, "..") == 0 || strchr(rest, '/'))
		errno = EACCES;
	else if (length > NAME_MAX)
		errno = ENAMETOOLONG;
	else
		return 0;
	return -1;
}

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* Write one byte of the name, and return how many that took: at most 3, and a NUL. */
static size_t put_byte(char *to, unsigned char c)
{
	if (is_plain(c))
		return sprintf(to, "%c", c);
	if (c == '.')
		return sprintf(to, "..");
	return sprintf(to, ".%02x", c);
}

/* Write as much of the name as there is room for; return whether that is all. */
static bool put_name(char *to, const char *name, size_t room)
{
	char byte[4];
	size_t size;

	*to = '\0';
	for (; *name; name++) {
		size = put_byte(byte, *name);
		if (size > room)
			return false;
		strcpy(to, byte);
		to += size;
		room -= size;
	}
	return true;
}

static void put_digest(char *to, const char *name)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char sum[32];
	unsigned int bit, i, value;

	digest(sum, name, strlen(name));
	strcpy(to, DIGEST_MARK);
	to += strlen(to);
	for (bit = 0; bit < DIGEST_BITS; bit += 5) {
		value = 0;
		for (i = bit; i < bit + 5; i++)
			value = value << 1 | (sum[i / 8] >> (7 - i % 8) & 1);
		*to++ = digits[value];
	}
	*to = '\0';
}

int queue_name(char queue[IPCQ_NAME_MAX + 1], const char *name)
{
	char *rest = queue + sizeof(PREFIX) - 1;

	if (*name != '/') {
		errno = EINVAL;
		return -1;
	}
	name++;
	if (check(name))
		return -1;
	strcpy(queue, PREFIX);
	if (!put_name(rest, name, ROOM)) {
		put_name(rest, name, ROOM - DIGEST_ROOM);
		put_digest(rest + strlen(rest), name);
	}
	return 0;
}
