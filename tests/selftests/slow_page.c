// SPDX-License-Identifier: GPL-2.0-only
/* A page that answers when the test says so. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>

#include "slow_page.h"

/* Make one.  0, or a negative errno if the kernel does not let us. */
int slow_page(struct slow_page *p, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	p->size = size;
	p->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (p->uffd < 0)
		return -errno;
	p->at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)p->at;
	reg.range.len = size;
	if (ioctl(p->uffd, UFFDIO_API, &api) || ioctl(p->uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	return 0;
}

/* Await that somebody touches it. */
bool slow_page_is_touched(struct slow_page *p)
{
	struct pollfd pfd = { .fd = p->uffd, .events = POLLIN };

	return poll(&pfd, 1, 20000) == 1 && pfd.revents == POLLIN;
}

/* There is no page: who touched it fails. */
int slow_page_refuse(struct slow_page *p)
{
	struct uffdio_range range = { .start = (uintptr_t)p->at, .len = p->size };

	return munmap(p->at, p->size) || ioctl(p->uffd, UFFDIO_WAKE, &range) ? -errno :
	       close(p->uffd);
}

/* There is one. */
int slow_page_grant(struct slow_page *p)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)p->at, p->size } };

	return ioctl(p->uffd, UFFDIO_ZEROPAGE, &zero) ? -errno : close(p->uffd);
}
