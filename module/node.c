// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device nodes.
 *
 * devtmpfs makes a node when a device is added and takes it away when the device
 * is deleted, both before the call returns.  A device rather than
 * device_create(), because only a device type tells devtmpfs an owner.
 *
 * The devices are of no class and no bus: the kernel sends no uevent of such a device,
 * and udev does not know it.  Else udev would apply rules to a name that a user
 * chose ("fuse" is made 0666), and set the mode and owner of the creation again
 * over a later chmod(1), whenever it handles an event.
 */
#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait_bit.h>

#include "compat.h"
#include "ipcq.h"
#include "node.h"

/**
 * struct ipcq_node - a device node
 * @dev: what it belongs to; its reference count rules
 * @uid: its owner; constant
 * @gid: its group; constant
 * @mode: its permission bits; constant
 */
struct ipcq_node {
	struct device dev;
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

static dev_t ipcq_devt;
static struct cdev ipcq_cdev;
static struct device *ipcq_root;

/* Nodes not freed yet: the module must not go before ipcq_node_free() ran. */
static atomic_t ipcq_nodes = ATOMIC_INIT(0);

static void ipcq_node_free(struct device *dev)
{
	kfree(container_of(dev, struct ipcq_node, dev));
	/* Pairs with synchronize_rcu() in ipcq_node_exit(): see there. */
	rcu_read_lock();
	if (atomic_dec_and_test(&ipcq_nodes))
		wake_up_var(&ipcq_nodes);
	rcu_read_unlock();
}

/* So that no queue is called as a file in the directory of its parent is. */
#define IPCQ_DEVICE_PREFIX "ipcq-"

static char *ipcq_node_path(ipcq_const_device *dev, umode_t *mode, kuid_t *uid,
			    kgid_t *gid)
{
	const struct ipcq_node *node = container_of(dev, struct ipcq_node, dev);

	/* With a mode of nothing devtmpfs would choose one itself. */
	if (mode)
		*mode = S_IFCHR | node->mode;
	if (uid)
		*uid = node->uid;
	if (gid)
		*gid = node->gid;
	/*
	 * Without a path devtmpfs would take the device's own name, and nobody would
	 * hear of it: one node would come at the wrong place, another never go.
	 */
	return kasprintf(GFP_KERNEL | __GFP_NOFAIL, "ipcq/%s",
			 dev_name(dev) + strlen(IPCQ_DEVICE_PREFIX));
}

static const struct device_type ipcq_node_type = {
	.name = "ipcq",
	.devnode = ipcq_node_path,
};

/**
 * ipcq_node_add() - make a device node
 * @minor: its minor number
 * @identity: its name, owner, group and mode
 *
 * Context: Process context.  May sleep.
 * Return: the node, or an ERR_PTR().
 */
struct ipcq_node *ipcq_node_add(u32 minor, const struct ipcq_identity *identity)
{
	struct ipcq_node *node;
	int err;

	/* Unaccounted: the caller holds everybody's mutex, and must not wait long. */
	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return ERR_PTR(-ENOMEM);
	node->uid = identity->uid;
	node->gid = identity->gid;
	node->mode = identity->mode;

	atomic_inc(&ipcq_nodes);
	device_initialize(&node->dev);
	node->dev.parent = ipcq_root;
	node->dev.type = &ipcq_node_type;
	node->dev.devt = MKDEV(MAJOR(ipcq_devt), minor);
	node->dev.release = ipcq_node_free;
	err = dev_set_name(&node->dev, IPCQ_DEVICE_PREFIX "%s", identity->name);
	if (err)
		goto put;
	err = device_add(&node->dev);
	if (err)
		goto put;
	return node;

put:
	put_device(&node->dev);
	return ERR_PTR(err);
}

/**
 * ipcq_node_del() - take a device node away
 * @node: what ipcq_node_add() returned; not valid afterwards
 *
 * Context: Process context.  May sleep.
 */
void ipcq_node_del(struct ipcq_node *node)
{
	device_unregister(&node->dev);
}

/**
 * ipcq_node_init() - reserve device numbers
 * @fops: what opens of the nodes reach
 *
 * Context: Process context.  May sleep.
 * Return: 0 or a negative errno.
 */
int ipcq_node_init(const struct file_operations *fops)
{
	int err;

	err = alloc_chrdev_region(&ipcq_devt, 0, IPCQ_MINORS, "ipcq");
	if (err)
		return err;
	ipcq_root = root_device_register("ipcq");
	if (IS_ERR(ipcq_root)) {
		err = PTR_ERR(ipcq_root);
		goto unregister;
	}
	cdev_init(&ipcq_cdev, fops);
	ipcq_cdev.owner = fops->owner;
	err = cdev_add(&ipcq_cdev, ipcq_devt, IPCQ_MINORS);
	if (err)
		goto remove;
	return 0;

remove:
	root_device_unregister(ipcq_root);
unregister:
	unregister_chrdev_region(ipcq_devt, IPCQ_MINORS);
	return err;
}

/**
 * ipcq_node_exit() - undo ipcq_node_init()
 *
 * Context: Process context.  Waits for nodes that sysfs still refers to.
 */
void ipcq_node_exit(void)
{
	wait_var_event(&ipcq_nodes, !atomic_read(&ipcq_nodes));
	/* Who freed the last one must be out of the module's code, too. */
	synchronize_rcu();
	cdev_del(&ipcq_cdev);
	root_device_unregister(ipcq_root);
	unregister_chrdev_region(ipcq_devt, IPCQ_MINORS);
}
