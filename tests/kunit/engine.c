// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine under test: the module's own sources, compiled once more, so that the
 * tests need neither files, names nor netlink, and export nothing from the module.
 */
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include "rig.h"

#include "message.c"

/*
 * Count the calls that the engine ends, each with a reference to its task, while it
 * holds the lock once.  There is one queue at a time, whose lock guards this.
 */
static unsigned int rig_ended;
unsigned int rig_ended_most;

#define get_task_struct(task) ({						\
	rig_ended_most = max(rig_ended_most, ++rig_ended);			\
	get_task_struct(task);							\
})

#define spin_unlock(lock) do {							\
	rig_ended = 0;								\
	spin_unlock(lock);							\
} while (0)

#include "config.c"
#include "mapped.c"
#include "mapped_send.c"
#include "notice.c"
#include "queue.c"
#include "receive.c"
#include "send.c"
#include "settle.c"
#include "snapshot.c"
#include "spares.c"
#include "waiter.c"
#include "wake.c"

#undef get_task_struct
#undef spin_unlock

#include "quota.c"
#include "ring.c"
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
