// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "place.h"

#define MAGIC		0x7a7a756671637069ULL
#define WORKERS		4
#define KEPT		8	/* of each worker; a fault may show late */

struct noted {
	uint64_t number;	/* from 1 */
	uint64_t operations;	/* that the worker had done before */
	struct fuzz_case c;
};

struct place {
	uint64_t magic;
	struct noted noted[WORKERS][KEPT];
};

static struct place *place;

/* Returns 0 or a negative errno. */
int place_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return -errno;
	at = mmap(NULL, sizeof(*place), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return -errno;
	place = at;
	memset(place, 0, sizeof(*place));
	place->magic = MAGIC;
	return 0;
}

void place_note(unsigned int worker, uint64_t number, uint64_t operations,
		const struct fuzz_case *c)
{
	struct noted *noted;

	if (!place || worker >= WORKERS)
		return;
	noted = &place->noted[worker][number % KEPT];
	noted->number = 0;
	noted->operations = operations;
	case_copy(&noted->c, c);
	noted->number = number;
}

static void print_noted(FILE *file, unsigned int worker, const struct noted *noted)
{
	fprintf(file, "# case %" PRIu64 " of worker %u, after %" PRIu64 " operations\n",
		noted->number, worker, noted->operations);
	case_print(file, &noted->c);
}

static const struct noted *latest(unsigned int worker)
{
	const struct noted *last = &place->noted[worker][0];
	unsigned int i;

	for (i = 1; i < KEPT; i++) {
		if (place->noted[worker][i].number > last->number)
			last = &place->noted[worker][i];
	}
	return last;
}

/* Print what a worker does now. */
void place_print(FILE *file, unsigned int worker)
{
	if (place && worker < WORKERS && latest(worker)->number)
		print_noted(file, worker, latest(worker));
}

/*
 * Write what each worker did last into files of the directory: the last case, and those
 * before it.  Returns how many workers there were, or a negative errno.
 */
int place_show(const char *path, const char *directory)
{
	char name[4096];
	int found = 0;
	unsigned int w;
	uint64_t n;

	{
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		void *at;

		if (fd < 0)
			return -errno;
		at = mmap(NULL, sizeof(*place), PROT_READ, MAP_PRIVATE, fd, 0);
		close(fd);
		if (at == MAP_FAILED)
			return -errno;
		place = at;
	}
	if (place->magic != MAGIC)
		return -EINVAL;
	for (w = 0; w < WORKERS; w++) {
		uint64_t last = latest(w)->number;
		FILE *file;

		if (!last)
			continue;
		snprintf(name, sizeof(name), "%s/last-%u.txt", directory, w);
		file = fopen(name, "w");
		if (!file)
			return -errno;
		print_noted(file, w, latest(w));
		fclose(file);
		snprintf(name, sizeof(name), "%s/before-%u.txt", directory, w);
		file = fopen(name, "w");
		if (!file)
			return -errno;
		for (n = last < KEPT ? 1 : last - KEPT + 1; n <= last; n++)
			print_noted(file, w, &place->noted[w][n % KEPT]);
		fclose(file);
		found++;
	}
	return found;
}
