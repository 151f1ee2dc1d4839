// SPDX-License-Identifier: GPL-2.0-only
/* Load and unload. */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "attr.h"
#include "chardev.h"
#include "control.h"
#include "message.h"
#include "netlink.h"
#include "node.h"
#include "quota.h"
#include "registry.h"

static char *queues = "default";
module_param(queues, charp, 0444);
MODULE_PARM_DESC(queues,
		 "names of the queues made at load, separated by commas (default)");

static int __init ipcq_make_queue(const char *name)
{
	struct ipcq_identity identity = {
		.uid = GLOBAL_ROOT_UID,
		.gid = GLOBAL_ROOT_GID,
		.mode = 0666,
	};
	struct ipcq_config config;
	struct ipcq_queue *q;
	int err;

	strscpy(identity.name, name, sizeof(identity.name));
	ipcq_config_default(&config);
	q = ipcq_queue_create(&identity, &config, ipcq_netlink_event);
	if (IS_ERR(q))
		return PTR_ERR(q);
	err = ipcq_queue_link(q);
	ipcq_queue_put(q);
	return err;
}

/*
 * Go through the names in the parameter, to check them or to make their queues;
 * end at the first error.
 */
static int __init ipcq_default_queues(bool make)
{
	char *list, *rest, *name;
	int err = 0;

	list = kstrdup(queues, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	for (rest = list; !err && (name = strsep(&rest, ",")); ) {
		if (!*name)
			continue;
		if (make)
			err = ipcq_make_queue(name);
		else if (!ipcq_name_is_valid(name))
			err = -EINVAL;
		if (err)
			pr_err("ipcq: parameter queues: '%s': error %d\n", name,
			       err);
	}
	kfree(list);
	return err;
}

/*
 * The order in which rooms are opened: once a device node exists others may hold
 * the module, so nothing may fail after the first one.  Hence a queue that cannot
 * be made at load is reported, and no reason to fail.
 */
static int __init ipcq_init(void)
{
	int err;

	err = ipcq_default_queues(false);
	if (err)
		return err;
	err = ipcq_message_init();
	if (err)
		return err;
	err = ipcq_node_init(&ipcq_file_operations);
	if (err)
		goto message;
	err = ipcq_netlink_init();
	if (err)
		goto node;
	err = ipcq_control_init(ipcq_netlink_event);
	if (err)
		goto netlink;
	ipcq_default_queues(true);
	return 0;

netlink:
	ipcq_netlink_exit();
node:
	ipcq_node_exit();
message:
	ipcq_message_exit();
	return err;
}
module_init(ipcq_init);

static void __exit ipcq_exit(void)
{
	ipcq_registry_unlink_all();
	ipcq_control_exit();
	ipcq_netlink_exit();
	ipcq_node_exit();
	ipcq_quota_exit();
	ipcq_message_exit();
}
module_exit(ipcq_exit);

MODULE_AUTHOR("The ipcq developers");
MODULE_DESCRIPTION("Message queues as character devices");
MODULE_VERSION(IPCQ_VERSION);
MODULE_LICENSE("GPL");
