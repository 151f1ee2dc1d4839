// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of rings: map, poll, wait.
 *
 * The file of a ring is an opener of the queue, one that receives.  A mapping holds the
 * file, so that the ring goes when the last descriptor is closed and nothing of it is
 * mapped any more, in whatever order that comes, whoever of several processes is last and
 * however they end.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arg.h"
#include "compat.h"
#include "msg.h"
#include "opener.h"
#include "registry.h"
#include "ring.h"
#include "ring_file.h"

static int ipcq_ring_release(struct inode *inode, struct file *file)
{
	struct ipcq_opener *opener = ipcq_opener_of(file);

	ipcq_ring_free(ipcq_detach(&opener->queue->engine));
	ipcq_opener_close(opener);
	return 0;
}

/*
 * The first page is the receiver's to write.  The others are not, and no mprotect(2)
 * makes them so, nor does access by ptrace(2).
 */
static int ipcq_ring_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* It goes with the file. */
	const struct ipcq_ring *ring = ipcq_opener_of(file)->queue->engine.ring;

	/* In a private copy nobody would see what the other says. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_pgoff) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	} else if (vma->vm_end - vma->vm_start != PAGE_SIZE) {
		return -EINVAL;
	}
	return remap_vmalloc_range(vma, ring->area, vma->vm_pgoff);
}

static __poll_t ipcq_ring_poll(struct file *file, poll_table *wait)
{
	struct ipcq_engine *e = &ipcq_opener_of(file)->queue->engine;

	/* First onto the list, then look: see ipcq_recv_is_watched(). */
	poll_wait(file, &e->recv_poll, wait);
	return ipcq_attached_mask(e);
}

static long ipcq_ring_wait(struct file *file, unsigned int cmd, const void __user *arg)
{
	const u32 known = IPCQ_MSG_NONBLOCK | IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME |
			  IPCQ_MSG_REALTIME;
	struct ipcq_opener *opener = ipcq_opener_of(file);
	struct ipcq_patience patience;
	struct ipcq_ring_wait how;
	int err;

	err = ipcq_get_arg(&how, sizeof(how), IPCQ_RING_WAIT_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	if (how.flags & ~known || how.pad)
		return -EINVAL;
	err = ipcq_msg_patience(how.flags, how.timeout_ns, file, &patience);
	if (err)
		return err;
	err = ipcq_await(&opener->queue->engine, &opener->party, &patience);
	return ipcq_msg_end(err, how.flags);
}

static long ipcq_ring_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd & ~IOCSIZE_MASK) {
	case IPCQ_IOC_RING_WAIT & ~IOCSIZE_MASK:
		return ipcq_ring_wait(file, cmd, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations ipcq_ring_operations = {
	.owner = THIS_MODULE,
	.release = ipcq_ring_release,
	.mmap = ipcq_ring_mmap,
	.poll = ipcq_ring_poll,
	.unlocked_ioctl = ipcq_ring_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* Make a ring for @q, of which it is a new opener, and its file. */
static struct file *ipcq_ring_file_new(struct ipcq_queue *q, const struct ipcq_ring_open *arg)
{
	struct ipcq_opener *opener;
	struct ipcq_ring *ring;
	struct file *file;
	int err;

	opener = ipcq_opener_new(q, IPCQ_ACCESS_RECV, false);
	if (IS_ERR(opener))
		return ERR_CAST(opener);
	ring = ipcq_ring_new(arg->size, opener->account);
	if (IS_ERR(ring)) {
		file = ERR_CAST(ring);
		goto close;
	}
	err = ipcq_attach(&q->engine, ring);
	if (err) {
		file = ERR_PTR(err);
		goto free;
	}
	/* The position is written through a mapping, which takes a file to write to. */
	file = anon_inode_getfile("[ipcq-ring]", &ipcq_ring_operations, opener,
				  O_RDWR | arg->open_flags);
	if (!IS_ERR(file))
		return file;
	ring = ipcq_detach(&q->engine);
free:
	ipcq_ring_free(ring);
close:
	ipcq_opener_close(opener);
	return file;
}

/**
 * ipcq_ioctl_ring() - IPCQ_IOC_RING
 * @file: the queue's
 * @cmd: the ioctl number
 * @arg: struct ipcq_ring_open of any version
 *
 * Context: Process context.  May sleep.
 * Return: a descriptor, or as ipcq(4) says.
 */
long ipcq_ioctl_ring(struct file *file, unsigned int cmd, const void __user *arg)
{
	struct ipcq_opener *opener = ipcq_opener_of(file);
	struct ipcq_ring_open how;
	struct file *ring;
	int err, fd;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = ipcq_get_arg(&how, sizeof(how), IPCQ_RING_OPEN_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	if (how.open_flags & ~(O_NONBLOCK | O_CLOEXEC) || !is_power_of_2(how.size) ||
	    how.size < PAGE_SIZE || how.size > IPCQ_RING_MAX_SIZE)
		return -EINVAL;
	/* It keeps others from receiving, and the owner from purging. */
	if (!ipcq_queue_may_administer(opener->queue))
		return -EPERM;

	fd = get_unused_fd_flags(how.open_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	ring = ipcq_ring_file_new(opener->queue, &how);
	if (IS_ERR(ring)) {
		put_unused_fd(fd);
		return PTR_ERR(ring);
	}
	fd_install(fd, ring);
	return fd;
}
