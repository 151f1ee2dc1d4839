// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading the module.
 *
 * It is the file that the environment variable IPCQ_MODULE names, else the one that
 * was built in this tree, else the installed one.
 */
#include <limits.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "ipcq_test.h"
#include "module.h"

#define IN_TREE	"../../module/ipcq.ko"

const char *module_file(void)
{
	static char path[PATH_MAX];
	const char *given = getenv("IPCQ_MODULE");
	struct utsname name;
	FILE *modinfo;

	if (given)
		return given;
	if (!access(IN_TREE, R_OK))
		return IN_TREE;
	uname(&name);
	modinfo = popen("modinfo -n ipcq 2> /dev/null", "r");
	if (!modinfo || !fgets(path, sizeof(path), modinfo))
		path[0] = '\0';
	if (modinfo)
		pclose(modinfo);
	path[strcspn(path, "\n")] = '\0';
	return path;
}

int load(const char *params)
{
	int fd, err;

	fd = RESULT(open(module_file(), O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	err = RESULT(syscall(SYS_finit_module, fd, params, 0));
	close(fd);
	return err;
}

int unload(void)
{
	return RESULT(syscall(SYS_delete_module, "ipcq", O_NONBLOCK));
}

bool is_loaded(void)
{
	return !access("/sys/module/ipcq", F_OK);
}

bool has_node(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/ipcq/%s", name);
	return !access(path, F_OK);
}
