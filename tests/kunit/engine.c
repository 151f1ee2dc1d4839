// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine under test: the module's own sources, compiled once more, so that the
 * tests need neither files, names nor netlink, and export nothing from the module.
 */
#include <linux/module.h>

#include "rig.h"

#include "message.c"
#include "queue.c"
#include "quota.c"
#include "stats.c"
#include "waiting.c"

/* Some kernels run the tests before the module's own init, some after it. */
int rig_engine_init(void)
{
	return ipcq_message_cache ? 0 : ipcq_message_init();
}

static int __init ipcq_kunit_init(void)
{
	return rig_engine_init();
}
module_init(ipcq_kunit_init);

static void __exit ipcq_kunit_exit(void)
{
	ipcq_quota_exit();
	ipcq_message_exit();
}
module_exit(ipcq_kunit_exit);

MODULE_AUTHOR("The ipcq developers");
MODULE_DESCRIPTION("Tests of ipcq's queue engine");
MODULE_LICENSE("GPL");
