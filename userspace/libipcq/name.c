// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of queues. */
#include <string.h>

#include "ipcq.h"

int ipcq_valid_name(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strlen(name);

	return length >= 1 && length <= IPCQ_NAME_MAX && name[0] != '.' &&
	       strspn(name, allowed) == length && strcmp(name, "control") != 0;
}
