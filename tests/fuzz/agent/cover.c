// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/kcov.h>

#include "case.h"
#include "cover.h"
#include "runner.h"

#define KCOV		"/sys/kernel/debug/kcov"
#define SECTIONS	"/sys/module/ipcq/sections/"
#define ENTRIES		(32u << 10)

static uint64_t base;
static uint64_t unlikely;	/* where what runs seldom begins, behind the rest */

/* For each thread a count, and then so many addresses. */
static uint64_t *trace[CASE_THREADS];

static int section(const char *path, uint64_t *address)
{
	FILE *file;
	int n;

	file = fopen(path, "r");
	if (!file)
		return -errno;
	n = fscanf(file, "%" SCNx64, address);
	fclose(file);
	return n == 1 && *address ? 0 : -ENOENT;
}

/* Returns 0 or a negative errno; -ENOENT if this kernel cannot tell. */
int cover_init(void)
{
	int err;

	if (access(KCOV, R_OK | W_OK))
		return -ENOENT;
	err = section(SECTIONS ".text.unlikely", &unlikely);
	return err ? err : section(SECTIONS ".text", &base);
}

bool cover_is_on(void)
{
	return base;
}

/* The calling thread is traced from now on.  Returns 0 or a negative errno. */
int cover_thread(unsigned int thread)
{
	void *at;
	int fd;

	if (!base)
		return 0;
	fd = fd_move_up(open(KCOV, O_RDWR | O_CLOEXEC));
	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, (unsigned long)ENTRIES))
		return -errno;
	at = mmap(NULL, ENTRIES * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED || ioctl(fd, KCOV_ENABLE, (unsigned long)KCOV_TRACE_PC))
		return -errno;
	trace[thread] = at;
	return 0;
}

void cover_begin(void)
{
	unsigned int i;

	for (i = 0; i < CASE_THREADS; i++) {
		if (trace[i])
			__atomic_store_n(&trace[i][0], 0, __ATOMIC_RELAXED);
	}
}

/* Set what is not yet; both look first, because most is set and shared by processors. */
static bool set(_Atomic uint8_t *at)
{
	return !atomic_load_explicit(at, memory_order_relaxed) && !atomic_exchange(at, 1);
}

/* Add what was traced since cover_begin().  Returns how many edges are new. */
unsigned int cover_end(struct cover_map *map)
{
	unsigned int i, new = 0;
	uint64_t k, n;

	for (i = 0; i < CASE_THREADS; i++) {
		uint64_t last = 0;

		n = trace[i] ? __atomic_load_n(&trace[i][0], __ATOMIC_RELAXED) : 0;
		for (k = 1; k <= n && k < ENTRIES; k++) {
			uint64_t place = trace[i][k] - base;
			uint64_t edge = (last * 0x9e3779b97f4a7c15ULL >> 20) ^ place;

			last = place;
			if (set(&map->place[place % COVER_MAP]))
				map->places++;
			if (set(&map->edge[edge % COVER_MAP])) {
				map->edges++;
				new++;
			}
		}
	}
	return new;
}

/* Write which places were reached: the section, and how far in it.  0 or a negative errno. */
int cover_save(const struct cover_map *map, const char *path)
{
	FILE *file = fopen(path, "w");
	uint64_t i;

	if (!file)
		return -errno;
	for (i = 0; i < COVER_MAP; i++) {
		if (map->place[i] && base + i >= unlikely)
			fprintf(file, ".text.unlikely %#" PRIx64 "\n", base + i - unlikely);
		else if (map->place[i])
			fprintf(file, ".text %#" PRIx64 "\n", i);
	}
	return fclose(file) ? -errno : 0;
}
