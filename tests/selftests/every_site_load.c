// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy that loading and unloading the module makes fails
 * in turn.  Then the module is either not there at all, or works.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "inject.h"
#include "ipcq_test.h"
#include "kselftest_harness.h"
#include "module.h"

FIXTURE(every_site) {
	char params[4096];
	void *image;
	size_t size;
	struct inject inject;
	int no_inject;	/* why there is none */
	struct sites sites;
};

FIXTURE_SETUP(every_site)
{
	char queues[4000];
	struct stat st;
	int fd;

	if (!is_loaded()) {
		ASSERT_EQ(0, load(""));
	}
	ASSERT_EQ(0, param_get("queues", queues, sizeof(queues)));
	snprintf(self->params, sizeof(self->params), "queues=%s", queues);
	ASSERT_EQ(0, unload())
		TH_LOG("the module is in use by others");

	/* From memory, or most of the sites would be those of reading a file. */
	fd = open(module_file(), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &st));
	self->size = st.st_size;
	self->image = malloc(self->size);
	ASSERT_NE(NULL, self->image);
	ASSERT_EQ(st.st_size, read(fd, self->image, self->size));
	close(fd);
	self->no_inject = inject_begin(&self->inject);
}

FIXTURE_TEARDOWN(every_site)
{
	if (!self->no_inject)
		inject_end(&self->inject);
	if (is_loaded()) {
		EXPECT_EQ(0, unload());
	}
	ASSERT_EQ(0, load(self->params));
	EXPECT_EQ(0, nl_books_of_totals());
}

static int load_from_memory(void *image, size_t size)
{
	return RESULT(syscall(SYS_init_module, image, size, ""));
}

static bool nothing_is_left(void)
{
	return !is_loaded() && access("/dev/ipcq", F_OK) &&
	       nl_totals().err == -ENOENT;
}

/* A queue that could not be made at load is no reason to fail; it is just not there. */
static bool it_works(void)
{
	struct nl_totals totals = nl_totals();
	bool works;
	int fd;

	if (totals.err || totals.queues != has_node("default"))
		return false;
	if (!totals.queues) {
		struct ipcq_create create = { .name = "default", .open_flags = O_RDWR };

		fd = queue_create(&create);
	} else {
		fd = RESULT(open("/dev/ipcq/default", O_RDWR | O_CLOEXEC));
	}
	if (fd < 0)
		return false;
	works = !send_text(fd, "works") && !recv_text(fd, "works") &&
		!nl_books_of_totals();
	close(fd);
	return works;
}

TEST_F_TIMEOUT(every_site, load, 1500)
{
	unsigned int n = 0;
	bool hit = true;
	int result;

	if (self->no_inject)
		SKIP(return, "no fault injection in this kernel: %s",
		     strerror(-self->no_inject));
	while (hit) {
		n++;
		inject_nth(&self->inject, n);
		result = load_from_memory(self->image, self->size);
		hit = inject_was_hit(&self->inject);
		inject_nth(&self->inject, 0);
		if (hit)
			sites_add(&self->sites, result);
		EXPECT_TRUE(result == 0 || (hit && (result == -ENOMEM || result == -EFAULT)))
			TH_LOG("site %u: %s", n, strerror(-result));
		if (result) {
			EXPECT_TRUE(nothing_is_left())
				TH_LOG("site %u: %s", n, strerror(-result));
		} else {
			EXPECT_TRUE(it_works())
				TH_LOG("site %u", n);
			ASSERT_EQ(0, unload())
				TH_LOG("site %u", n);
		}
	}
	EXPECT_GT(n, 1);
	sites_print(&self->sites, "load");
}

TEST_F_TIMEOUT(every_site, unload, 600)
{
	unsigned int n = 0;
	bool hit = true;
	int result;

	if (self->no_inject)
		SKIP(return, "no fault injection in this kernel: %s",
		     strerror(-self->no_inject));
	while (hit) {
		n++;
		ASSERT_EQ(0, load_from_memory(self->image, self->size));
		inject_nth(&self->inject, n);
		result = unload();
		hit = inject_was_hit(&self->inject);
		inject_nth(&self->inject, 0);
		if (hit)
			sites_add(&self->sites, result);
		/* Its name can fail to be read; what has begun cannot fail. */
		EXPECT_TRUE(result == 0 || (hit && (result == -EFAULT || result == -ENOMEM)))
			TH_LOG("site %u: %s", n, strerror(-result));
		if (result) {
			EXPECT_TRUE(it_works())
				TH_LOG("site %u: %s", n, strerror(-result));
			ASSERT_EQ(0, unload())
				TH_LOG("site %u", n);
		}
		/*
		 * The node of a misc device is the kernel's to remove, and it does
		 * not if it has no memory for the name.
		 */
		if (hit && !unlink("/dev/ipcq/control"))
			rmdir("/dev/ipcq");
		EXPECT_TRUE(nothing_is_left())
			TH_LOG("site %u", n);
	}
	EXPECT_GT(n, 1);
	sites_print(&self->sites, "unload");
}

TEST_HARNESS_MAIN
