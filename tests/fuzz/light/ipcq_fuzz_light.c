// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turns lockdep off, for which Linux has no parameter: watching every lock takes most of
 * the time that a fuzzer has.  There is no way back.
 */
#include <linux/debug_locks.h>
#include <linux/module.h>

static int __init ipcq_fuzz_light_init(void)
{
	debug_locks_off();
	return 0;
}

static void __exit ipcq_fuzz_light_exit(void)
{
}

module_init(ipcq_fuzz_light_init);
module_exit(ipcq_fuzz_light_exit);
MODULE_DESCRIPTION("Turns lockdep off");
MODULE_LICENSE("GPL");
