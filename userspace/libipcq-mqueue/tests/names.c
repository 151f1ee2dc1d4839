/* SPDX-License-Identifier: GPL-2.0-only */
/* What the queues of POSIX names are called. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static int tests, failures;

static void ok(bool passed, const char *what)
{
	tests++;
	if (!passed)
		failures++;
	printf("%sok %d %s\n", passed ? "" : "not ", tests, what);
}

static bool is_called(const char *name, const char *expected)
{
	char queue[IPCQ_NAME_MAX + 1];

	return queue_name(queue, name) == 0 && strcmp(queue, expected) == 0 &&
	       ipcq_valid_name(queue);
}

static bool is_refused(const char *name, int err)
{
	char queue[IPCQ_NAME_MAX + 1];

	return queue_name(queue, name) == -1 && errno == err;
}

/* A name of @length times @c. */
static const char *name_of(char c, size_t length)
{
	static char name[5000];

	name[0] = '/';
	memset(name + 1, c, length);
	name[length + 1] = '\0';
	return name;
}

static bool has_digest(const char *data, size_t size, const char *expected)
{
	unsigned char sum[32];
	char text[65];
	int i;

	digest(sum, data, size);
	for (i = 0; i < 32; i++)
		sprintf(text + 2 * i, "%02x", sum[i]);
	return strcmp(text, expected) == 0;
}

/* The examples of FIPS 180-2, and one that ends where a block does. */
static void test_digest(void)
{
	static const char two_blocks[] =
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	ok(has_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad"), "digest of one block");
	ok(has_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855"), "digest of nothing");
	ok(has_digest(two_blocks, sizeof(two_blocks) - 1,
		      "248d6a61d20638b8e5c026930c3e6039"
		      "a33ce45964ff2167f6ecedd419db06c1"), "digest of two blocks");
	ok(has_digest(name_of('a', 64) + 1, 64,
		      "ffe054fe7ae0cb6dc65c3af9b61d5209"
		      "f439851db43d0ba5997337df154668eb"), "digest of a whole block");
}

static void test_names(void)
{
	ok(is_called("/jobs", "mq.jobs") && is_called("/A-b_9", "mq.A-b_9"), "plain");
	ok(is_called("/control", "mq.control") && is_called("/default", "mq.default"),
	   "as others are called");
	ok(is_called("/a.b c", "mq.a..b.20c") && is_called("/.a", "mq...a") &&
	   is_called("/a.20c", "mq.a..20c") && is_called("/...", "mq......."), "dots");
	ok(is_called("/\xc3\xbc\x01", "mq..c3.bc.01"), "any bytes");
	ok(is_refused("", EINVAL) && is_refused("jobs", EINVAL), "no slash");
	ok(is_refused("/", ENOENT), "nothing behind it");
	ok(is_refused("/.", EACCES) && is_refused("/..", EACCES) &&
	   is_refused("/a/b", EACCES) && is_refused("//", EACCES), "no file");
	ok(is_refused(name_of('a', 256), ENAMETOOLONG) &&
	   is_refused(name_of('a', 4200), ENAMETOOLONG), "too long");
}

static void test_long_names(void)
{
	char a[IPCQ_NAME_MAX + 1], b[IPCQ_NAME_MAX + 1];

	ok(queue_name(a, name_of('y', 60)) == 0 && strlen(a) == 63 &&
	   !strchr(a + 3, '.'), "what just fits is not cut");
	ok(is_called(name_of('y', 61),
		     "mq.yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy.-7emaycufe25jushhdm27moghkj"),
	   "what does not, is");
	ok(queue_name(a, name_of('y', 254)) == 0 && queue_name(b, name_of('y', 255)) == 0 &&
	   ipcq_valid_name(a) && ipcq_valid_name(b) && strcmp(a, b) != 0,
	   "the longest names");
	/* No byte is torn apart: 10 of three characters, and not two of an eleventh. */
	ok(queue_name(a, name_of(' ', 30)) == 0 && strlen(a) == 3 + 30 + 28 &&
	   strncmp(a + 30, ".20.-", 5) == 0, "cut between bytes");
}

int main(void)
{
	puts("TAP version 13");
	test_digest();
	test_names();
	test_long_names();
	printf("1..%d\n", tests);
	return failures != 0;
}
