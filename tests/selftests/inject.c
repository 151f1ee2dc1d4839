// SPDX-License-Identifier: GPL-2.0-only
/*
 * Let the Nth thing in the kernel that can fail, fail: an allocation of memory, of
 * a page, or a copy from or to user space.  Needs CONFIG_FAULT_INJECTION with
 * FAILSLAB, FAIL_PAGE_ALLOC, FAULT_INJECTION_USERCOPY and FAULT_INJECTION_DEBUG_FS.
 */
#include <sys/mman.h>

#include "inject.h"
#include "ipcq_test.h"

#define DEBUGFS "/sys/kernel/debug/"

static const struct {
	const char *file;
	const char *value;
	bool needed;
} settings[] = {
	/* By default only allocations fail that may not sleep; all of them can. */
	{ DEBUGFS "failslab/ignore-gfp-wait", "N", true },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N", true },
	{ DEBUGFS "fail_page_alloc/min-order", "0", true },
	{ DEBUGFS "fail_usercopy/verbose", "0", true },
	/* Thousands of stack traces make nobody wiser. */
	{ DEBUGFS "failslab/verbose", "0", false },
	{ DEBUGFS "fail_page_alloc/verbose", "0", false },
};

static int write_setting(const char *file, const char *value)
{
	int fd = RESULT(open(file, O_WRONLY | O_CLOEXEC));
	ssize_t len;

	if (fd < 0)
		return fd;
	len = RESULT(write(fd, value, strlen(value)));
	close(fd);
	return len < 0 ? len : 0;
}

/* 0, or a negative errno if this kernel cannot do it. */
int inject_begin(struct inject *inject)
{
	unsigned int i;
	int err;

	inject->fd = RESULT(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
	if (inject->fd < 0)
		return inject->fd;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		err = write_setting(settings[i].file, settings[i].value);
		if (err && settings[i].needed) {
			close(inject->fd);
			return err;
		}
	}
	/* A page fault of our own is none of the operation's sites. */
	return RESULT(mlockall(MCL_CURRENT | MCL_FUTURE));
}

void inject_end(struct inject *inject)
{
	inject_nth(inject, 0);
	close(inject->fd);
	munlockall();
}

/* Let the @n th thing from now on fail, once; 0: none. */
void inject_nth(struct inject *inject, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* What is left of an earlier call may hit this one; then it is spent. */
	if (pwrite(inject->fd, text, len, 0) != len &&
	    pwrite(inject->fd, text, len, 0) != len)
		abort();
}

/* Has it failed?  Call this once, right after the operation. */
bool inject_was_hit(struct inject *inject)
{
	char text[16] = "";

	/* If reading fails, then because of what was still to come. */
	if (pread(inject->fd, text, sizeof(text) - 1, 0) < 0)
		return false;
	return atoi(text) == 0;
}

/* Note the result of an operation in which something failed. */
void sites_add(struct sites *sites, long result)
{
	sites->hit++;
	if (result >= 0)
		sites->survived++;
	else if (-result < 256)
		sites->errs[-result]++;
}

void sites_print(const struct sites *sites, const char *operation)
{
	int err;

	fprintf(stderr, "# %s: %u sites", operation, sites->hit);
	for (err = 0; err < 256; err++) {
		if (sites->errs[err])
			fprintf(stderr, ", %u %s", sites->errs[err], strerrorname_np(err));
	}
	fprintf(stderr, ", %u survived\n", sites->survived);
}
