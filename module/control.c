// SPDX-License-Identifier: GPL-2.0-only
/* /dev/ipcq/control: create and destroy queues. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/string.h>

#include "arg.h"
#include "attr.h"
#include "chardev.h"
#include "control.h"
#include "registry.h"

/* Told of what happens to the queues made here; set before the device exists. */
static ipcq_observer_t ipcq_control_observer;

/*
 * All that can fail comes before the queue is linked and others can find it; what
 * then remains, cannot.
 */
static long ipcq_control_create(unsigned int cmd, void __user *arg)
{
	struct ipcq_identity identity;
	struct ipcq_config config;
	struct ipcq_create create;
	struct ipcq_queue *q;
	struct file *file;
	int err, fd;

	err = ipcq_get_arg(&create, sizeof(create), IPCQ_CREATE_SIZE_VER0, cmd,
			   arg);
	if (err)
		return err;
	err = ipcq_attr_parse_new(&create, &identity, &config);
	if (err)
		return err;

	fd = get_unused_fd_flags(create.open_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	q = ipcq_queue_create(&identity, &config, ipcq_control_observer);
	if (IS_ERR(q)) {
		err = PTR_ERR(q);
		goto put_fd;
	}
	file = ipcq_file_new(q, create.open_flags);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto put_queue;
	}
	if (!identity.name[0])
		ipcq_queue_announce(q);
	ipcq_attr_fill(q, &create.attr);
	/* Before it is linked it looks like one that was unlinked. */
	create.attr.flags &= ~IPCQ_F_UNLINKED;
	err = ipcq_put_arg(arg, cmd, &create, sizeof(create));
	if (err)
		goto put_file;
	if (identity.name[0])
		err = ipcq_queue_link(q);
	if (err)
		goto put_file;

	ipcq_queue_put(q);
	fd_install(fd, file);
	return fd;

put_file:
	fput(file);
put_queue:
	ipcq_queue_put(q);
put_fd:
	put_unused_fd(fd);
	return err;
}

static long ipcq_control_destroy(unsigned int cmd, void __user *arg)
{
	struct ipcq_destroy destroy;
	int err;

	err = ipcq_get_arg(&destroy, sizeof(destroy), IPCQ_DESTROY_SIZE_VER0, cmd,
			   arg);
	if (err)
		return err;
	if (destroy.flags & ~IPCQ_DESTROY_IF_EMPTY || destroy.pad ||
	    strnlen(destroy.name, sizeof(destroy.name)) == sizeof(destroy.name) ||
	    !ipcq_name_is_valid(destroy.name))
		return -EINVAL;
	/* Find out that the answer cannot be given before it is too late. */
	if (ipcq_put_arg(arg, cmd, &destroy, sizeof(destroy)))
		return -EFAULT;
	err = ipcq_queue_unlink(destroy.name,
				destroy.flags & IPCQ_DESTROY_IF_EMPTY, &destroy);
	if (err && err != -EBUSY)
		return err;
	return ipcq_put_arg(arg, cmd, &destroy, sizeof(destroy)) ?: err;
}

static long ipcq_control_ioctl(struct file *file, unsigned int cmd,
			       unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd & ~IOCSIZE_MASK) {
	case IPCQ_IOC_CREATE & ~IOCSIZE_MASK:
		return ipcq_control_create(cmd, uarg);
	case IPCQ_IOC_DESTROY & ~IOCSIZE_MASK:
		return ipcq_control_destroy(cmd, uarg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations ipcq_control_operations = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = ipcq_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice ipcq_control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ipcq-control",
	.nodename = "ipcq/control",
	.mode = 0666,
	.fops = &ipcq_control_operations,
};

/**
 * ipcq_control_init() - make the control device
 * @observer: hears of the events of the queues made through it
 *
 * Context: Process context.  May sleep.
 * Return: 0 or a negative errno.
 */
int ipcq_control_init(ipcq_observer_t observer)
{
	ipcq_control_observer = observer;
	return misc_register(&ipcq_control_device);
}

/**
 * ipcq_control_exit() - undo ipcq_control_init()
 *
 * Context: Process context.  May sleep.
 */
void ipcq_control_exit(void)
{
	misc_deregister(&ipcq_control_device);
}
