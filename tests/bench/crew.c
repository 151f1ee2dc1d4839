// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"

void stay_on(int cpu)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;
	long i;

	CPU_ZERO(&set);
	for (i = 0; i < processors; i++) {
		if (cpu < 0 || i == cpu % processors)
			CPU_SET(i, &set);
	}
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity");
}

void crew_add(struct crew *crew, int cpu, void (*work)(void *arg, unsigned int number),
	      void *arg, unsigned int number)
{
	pid_t parent = getpid(), pid;

	crew->pids = reallocarray(crew->pids, crew->count + 1, sizeof(*crew->pids));
	if (!crew->pids)
		err(1, NULL);
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid) {
		crew->pids[crew->count++] = pid;
		return;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		err(1, "PR_SET_PDEATHSIG");
	if (getppid() != parent)
		_exit(1);
	stay_on(cpu);
	work(arg, number);
	_exit(0);
}

void crew_wait(struct crew *crew)
{
	unsigned int i;
	int status;

	for (i = 0; i < crew->count; i++) {
		if (waitpid(crew->pids[i], &status, 0) == -1)
			err(1, "waitpid");
		if (status)
			errx(1, "a process of the scenario failed");
	}
	free(crew->pids);
	*crew = (struct crew){ 0 };
}

void *shared_new(size_t size)
{
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap of %zu bytes", size);
	return memory;
}

void shared_free(void *memory, size_t size)
{
	if (munmap(memory, size))
		err(1, "munmap");
}
