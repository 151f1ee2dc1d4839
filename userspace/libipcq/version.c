// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ipcq.h"

const char *ipcq_version(void)
{
	return IPCQ_VERSION;
}
