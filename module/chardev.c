// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of queues: open, read, write, poll.
 *
 * Here messages cross between user space and kernel memory.  A send copies in
 * before it meets the queue, a receive copies out after it has left it, so that no
 * page fault is taken under the queue's lock.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uio.h>

#include "chardev.h"
#include "message.h"
#include "notify.h"
#include "opener.h"
#include "payload.h"
#include "registry.h"

static u32 ipcq_access(fmode_t mode)
{
	return (mode & FMODE_READ ? IPCQ_ACCESS_RECV : 0) |
	       (mode & FMODE_WRITE ? IPCQ_ACCESS_SEND : 0);
}

static void ipcq_file_set_mode(struct inode *inode, struct file *file)
{
	stream_open(inode, file);
	/* read_iter and write_iter honour IOCB_NOWAIT. */
	file->f_mode |= FMODE_NOWAIT;
}

static int ipcq_open(struct inode *inode, struct file *file)
{
	struct ipcq_opener *opener;
	struct ipcq_queue *q;

	q = ipcq_queue_by_id(iminor(inode));
	if (!q)
		return -ENXIO;
	opener = ipcq_opener_new(q, ipcq_access(file->f_mode), true);
	ipcq_queue_put(q);
	if (IS_ERR(opener))
		return PTR_ERR(opener);
	file->private_data = opener;
	ipcq_file_set_mode(inode, file);
	return 0;
}

/**
 * ipcq_file_new() - open a queue other than by its node
 * @q: the queue; the caller has a reference
 * @open_flags: O_RDONLY, O_WRONLY or O_RDWR, with O_NONBLOCK and O_CLOEXEC
 *
 * Context: Process context.  May sleep.
 * Return: a file, or ERR_PTR() of -EINVAL, -ENOMEM or -ENFILE.
 */
struct file *ipcq_file_new(struct ipcq_queue *q, u32 open_flags)
{
	struct ipcq_opener *opener;
	struct file *file;

	if (open_flags & ~(O_ACCMODE | O_NONBLOCK | O_CLOEXEC) ||
	    (open_flags & O_ACCMODE) == O_ACCMODE)
		return ERR_PTR(-EINVAL);
	opener = ipcq_opener_new(q, ipcq_access(OPEN_FMODE(open_flags)), false);
	if (IS_ERR(opener))
		return ERR_CAST(opener);
	file = anon_inode_getfile("[ipcq]", &ipcq_file_operations, opener,
				  open_flags);
	if (IS_ERR(file))
		ipcq_opener_close(opener);
	else
		ipcq_file_set_mode(file_inode(file), file);
	return file;
}

/* A descriptor of the file is closed; others may remain. */
static int ipcq_flush(struct file *file, fl_owner_t id)
{
	ipcq_notify_closed(ipcq_opener_of(file));
	return 0;
}

static int ipcq_release(struct inode *inode, struct file *file)
{
	ipcq_notify_released(ipcq_opener_of(file));
	ipcq_opener_close(ipcq_opener_of(file));
	return 0;
}

static const struct ipcq_patience *ipcq_file_patience(const struct file *file)
{
	static const struct ipcq_patience any, none = { .nonblock = true };

	return unlikely(file->f_flags & O_NONBLOCK) ? &none : &any;
}

static struct ipcq_patience ipcq_iocb_patience(const struct kiocb *iocb)
{
	bool nonblock = iocb->ki_filp->f_flags & O_NONBLOCK;
	bool nowait = iocb->ki_flags & IOCB_NOWAIT;

	return (struct ipcq_patience) {
		.nonblock = nonblock || nowait,
		.uncounted = nowait && !nonblock,
	};
}

/*
 * Make a message of @size bytes for a send, out of @spare if there is one.  Memory is
 * waited for even if the send must not block: -EAGAIN means that there is no room, and
 * who then polls until there is would spin.
 */
static __always_inline struct ipcq_message *
ipcq_file_message(struct ipcq_opener *opener, const struct cred *sender,
		  struct ipcq_message *spare, size_t size)
{
	struct ipcq_engine *e = &opener->queue->engine;
	struct ipcq_message *m;

	/* The engine checks again: this only saves the work. */
	if (unlikely(size > READ_ONCE(e->max_msg_size))) {
		ipcq_count(e, IPCQ_SEND_TOO_BIG);
		if (spare)
			ipcq_keep_many(e, &spare, 1);
		return ERR_PTR(-EMSGSIZE);
	}
	m = ipcq_message_new(spare, opener->account, sender, size);
	if (IS_ERR(m) && PTR_ERR(m) == -EDQUOT)
		ipcq_count(e, IPCQ_SEND_QUOTA);
	return m;
}

static __always_inline struct ipcq_message *
ipcq_file_fill_in(struct ipcq_opener *opener, const struct cred *sender,
		  struct ipcq_message *spare, const void __user *data, size_t size,
		  u32 prio, u32 type)
{
	struct ipcq_message *m;

	m = ipcq_file_message(opener, sender, spare, size);
	if (IS_ERR(m))
		return m;
	m->prio = prio;
	m->type = type;
	if (unlikely(!ipcq_payload_from_user(m, data))) {
		ipcq_recycle(&opener->queue->engine, m);
		return ERR_PTR(-EFAULT);
	}
	return m;
}

/**
 * ipcq_file_make() - make a message of the current task from user space
 * @opener: through whom it will be sent
 * @spare: memory to be used if it is fit for it, or NULL; not the caller's any more
 * @data: the payload
 * @size: bytes of it
 * @prio: priority, valid
 * @type: tag
 *
 * Context: Process context.  May sleep.
 * Return: the message, or ERR_PTR() of -EFAULT, -ENOMEM, -EDQUOT or -EMSGSIZE.
 */
struct ipcq_message *ipcq_file_make(struct ipcq_opener *opener,
				    struct ipcq_message *spare,
				    const void __user *data, size_t size, u32 prio,
				    u32 type)
{
	return ipcq_file_fill_in(opener, current_cred(), spare, data, size, prio, type);
}

/* Send a message that has been filled in.  It is not the caller's any more. */
static __always_inline int ipcq_file_send_message(struct ipcq_opener *opener,
						  struct ipcq_message *m,
						  const struct ipcq_patience *patience,
						  bool no_signal)
{
	struct ipcq_engine *e = &opener->queue->engine;
	int err;

	err = ipcq_send(e, &opener->party, m, patience);
	if (likely(!err))
		return 0;
	if (err == -EPIPE && !no_signal)
		send_sig(SIGPIPE, current, 0);
	ipcq_recycle(e, m);
	return err;
}

/**
 * ipcq_file_send() - send one message from user space
 * @opener: through whom
 * @sender: whose message it is
 * @data: the payload
 * @size: bytes of it
 * @prio: priority, valid
 * @type: tag
 * @patience: how long to block
 * @no_signal: no SIGPIPE with -EPIPE
 *
 * Context: Process context.  May sleep: for room as @patience says, for memory.
 * Return: 0, -EFAULT, -ENOMEM, -EDQUOT, or what ipcq_send() returns.
 */
int ipcq_file_send(struct ipcq_opener *opener, const struct cred *sender,
		   const void __user *data, size_t size, u32 prio, u32 type,
		   const struct ipcq_patience *patience, bool no_signal)
{
	struct ipcq_message *m;

	m = ipcq_file_fill_in(opener, sender, ipcq_spare(&opener->queue->engine), data,
			      size, prio, type);
	if (IS_ERR(m))
		return PTR_ERR(m);
	return ipcq_file_send_message(opener, m, patience, no_signal);
}

/*
 * write(2); the others that write come by ipcq_write_iter().  What is written is of who
 * opened the file: a program with privileges may be made to write into a descriptor that
 * it was given, and must not lend its name to that.
 */
static ssize_t ipcq_write(struct file *file, const char __user *data, size_t size,
			  loff_t *pos)
{
	struct ipcq_engine *e = &ipcq_opener_of(file)->queue->engine;
	int err;

	if (ipcq_is_mapped(e) && ipcq_send_mapped(e, file->f_cred, data, size, 0, 0))
		return size;
	err = ipcq_file_send(ipcq_opener_of(file), file->f_cred, data, size, 0, 0,
			     ipcq_file_patience(file), false);
	return err ? err : size;
}

static ssize_t ipcq_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct ipcq_opener *opener = ipcq_opener_of(iocb->ki_filp);
	struct ipcq_patience patience = ipcq_iocb_patience(iocb);
	size_t size = iov_iter_count(from);
	struct ipcq_message *m;
	int err;

	m = ipcq_file_message(opener, iocb->ki_filp->f_cred,
			      ipcq_spare(&opener->queue->engine), size);
	if (IS_ERR(m))
		return PTR_ERR(m);
	if (!copy_from_iter_full(ipcq_message_data(m), size, from)) {
		ipcq_recycle(&opener->queue->engine, m);
		return -EFAULT;
	}
	err = ipcq_file_send_message(opener, m, &patience, false);
	return err ? err : size;
}

/*
 * Receive one message into @data or, if that is NULL, into @to.  Both are here
 * inlined into their caller, who knows which.
 */
static __always_inline ssize_t ipcq_file_read(struct ipcq_opener *opener, size_t room,
					      void __user *data, struct iov_iter *to,
					      const struct ipcq_patience *patience)
{
	struct ipcq_engine *e = &opener->queue->engine;
	struct ipcq_receipt receipt = { .room = room };
	struct ipcq_message *m;
	ssize_t size;
	bool arrived;
	int err;

	err = ipcq_receive(e, &opener->party, &receipt, patience);
	if (unlikely(err))
		return err == -EPIPE ? 0 : err;
	m = receipt.m;
	size = m->size;
	if (to)
		arrived = copy_to_iter(ipcq_message_data(m), size, to) == size;
	else
		arrived = ipcq_payload_to_user(data, m);
	if (unlikely(!arrived)) {
		ipcq_give_back(e, &opener->party, &receipt);
		return -EFAULT;
	}
	ipcq_recycle(e, m);
	return size;
}

/* read(2); the others that read come by ipcq_read_iter(). */
static ssize_t ipcq_read(struct file *file, char __user *data, size_t room,
			 loff_t *pos)
{
	return ipcq_file_read(ipcq_opener_of(file), room, data, NULL,
			      ipcq_file_patience(file));
}

static ssize_t ipcq_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct ipcq_patience patience = ipcq_iocb_patience(iocb);

	return ipcq_file_read(ipcq_opener_of(iocb->ki_filp), iov_iter_count(to),
			      NULL, to, &patience);
}

static __poll_t ipcq_poll(struct file *file, poll_table *wait)
{
	struct ipcq_opener *opener = ipcq_opener_of(file);
	struct ipcq_engine *e = &opener->queue->engine;

	/* First onto the list, then look: see ipcq_recv_is_watched(). */
	if (opener->party.access & IPCQ_ACCESS_RECV)
		poll_wait(file, &e->recv_poll, wait);
	if (opener->party.access & IPCQ_ACCESS_SEND)
		poll_wait(file, &e->send_poll, wait);
	return ipcq_poll_mask(e, opener->party.access);
}

static int ipcq_fasync(int fd, struct file *file, int on)
{
	struct ipcq_opener *opener = ipcq_opener_of(file);
	struct ipcq_engine *e = &opener->queue->engine;
	int err = 0;

	if (opener->party.access & IPCQ_ACCESS_RECV)
		err = fasync_helper(fd, file, on, &e->recv_fasync);
	if (err >= 0 && opener->party.access & IPCQ_ACCESS_SEND) {
		err = fasync_helper(fd, file, on, &e->send_fasync);
		if (err < 0 && opener->party.access & IPCQ_ACCESS_RECV)
			fasync_helper(-1, file, 0, &e->recv_fasync);
	}
	return err;
}

static void ipcq_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ipcq_queue *q = ipcq_opener_of(file)->queue;
	struct ipcq_snapshot snap;

	ipcq_snap(&q->engine, &snap, NULL);
	seq_printf(m, "ipcq-id:\t%u\nipcq-name:\t%s\n", q->id, q->identity.name);
	seq_printf(m, "ipcq-depth:\t%u\nipcq-bytes:\t%llu\n", snap.depth,
		   snap.bytes);
}

const struct file_operations ipcq_file_operations = {
	.owner = THIS_MODULE,
	.open = ipcq_open,
	.flush = ipcq_flush,
	.release = ipcq_release,
	/* For read(2) and write(2) themselves: no iterator has to be set up. */
	.read = ipcq_read,
	.write = ipcq_write,
	.read_iter = ipcq_read_iter,
	.write_iter = ipcq_write_iter,
	.poll = ipcq_poll,
	.fasync = ipcq_fasync,
	.unlocked_ioctl = ipcq_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = ipcq_show_fdinfo,
};
