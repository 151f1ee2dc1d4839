// SPDX-License-Identifier: GPL-2.0-only
/* The machine under those who use it: too little memory, processors that go and come. */
#include <sys/stat.h>

#include "ipcq_test.h"
#include "machine.h"

#define GROUPS	"/sys/fs/cgroup"

static int group_write(const struct memory_group *group, const char *file, const char *text)
{
	char path[128];

	if (!*group->path)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s", group->path, file);
	return write_file(path, text);
}

static int group_read(const struct memory_group *group, const char *file, char *text,
		      size_t size)
{
	char path[128];

	if (!*group->path)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s", group->path, file);
	return read_file(path, text, size);
}

/* Make a group without members and limits.  0 or a negative errno: it is empty then. */
int memory_group_make(struct memory_group *group)
{
	char text[32];
	int err;

	*group = (struct memory_group) {};
	err = write_file(GROUPS "/cgroup.subtree_control", "+memory");
	if (err)
		return err;
	snprintf(group->path, sizeof(group->path), GROUPS "/ipcq-test-%d", getpid());
	if (mkdir(group->path, 0755)) {
		err = -errno;
		group->path[0] = '\0';
		return err;
	}
	/* Not every cgroup controls memory. */
	err = group_read(group, "memory.current", text, sizeof(text));
	if (err)
		memory_group_end(group);
	return err;
}

/* The calling process becomes a member, and pays there for what it allocates. */
int memory_group_join(const struct memory_group *group)
{
	return group_write(group, "cgroup.procs", "0");
}

int memory_group_limit(const struct memory_group *group, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return group_write(group, "memory.max", text);
}

/* How much its members have allocated and not freed, in bytes. */
uint64_t memory_group_charged(const struct memory_group *group)
{
	char text[32];

	if (group_read(group, "memory.current", text, sizeof(text)))
		return UINT64_MAX;
	return strtoull(text, NULL, 10);
}

/* How many members had to die for others to get memory. */
uint64_t memory_group_killed(const struct memory_group *group)
{
	const char *at;
	char text[256];

	if (group_read(group, "memory.events", text, sizeof(text)))
		return 0;
	at = strstr(text, "oom_kill ");
	return at ? strtoull(at + strlen("oom_kill "), NULL, 10) : 0;
}

/* Remove a group that has no members any more. */
int memory_group_end(struct memory_group *group)
{
	int err = 0;

	if (*group->path && rmdir(group->path))
		err = -errno;
	group->path[0] = '\0';
	return err;
}

static const char *processor_path(unsigned int cpu, char path[64])
{
	snprintf(path, 64, "/sys/devices/system/cpu/cpu%u/online", cpu);
	return path;
}

/* Can a processor be taken from the machine? */
bool processor_can_go(unsigned int cpu)
{
	char path[64];

	return !access(processor_path(cpu, path), W_OK);
}

/* Take a processor from the machine, or give it back.  0 or a negative errno. */
int processor_set(unsigned int cpu, bool online)
{
	char path[64];

	return write_file(processor_path(cpu, path), online ? "1" : "0");
}
