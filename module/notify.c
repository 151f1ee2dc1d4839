// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling a process that a message has come to an empty queue.
 *
 * The engine keeps one notice for each queue and knows nothing of processes, signals
 * and descriptors: they are here.  A registration is the engine's from
 * ipcq_notice_give() until ipcq_notice_take() or until it is told of a message:
 * whoever then has it ends it.  Nobody else does, so the end needs no lock.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "arg.h"
#include "ipcq.h"
#include "notify.h"
#include "registry.h"

/**
 * enum ipcq_registration_state - what has become of a registration
 * @IPCQ_REGISTERED: the engine has it
 * @IPCQ_ARRIVED: a message came, and no read has told of it yet
 * @IPCQ_ENDED: it was taken back, or a read has told of the message
 */
enum ipcq_registration_state {
	IPCQ_REGISTERED,
	IPCQ_ARRIVED,
	IPCQ_ENDED,
};

/**
 * struct ipcq_registration - who is told, and how
 * @notice: the engine's part, see there
 * @ref: the engine holds one while it has it, and so does the file, if there is one
 * @queue: a reference, so that the file can outlive the opener; constant
 * @how: enum ipcq_notify_how; constant
 * @signo: with IPCQ_NOTIFY_SIGNAL; constant
 * @value: the same
 * @owner: the process; a reference, constant
 * @thread: the thread of it that registered; a reference, constant
 * @exec_id: of the program that the process ran then; constant
 * @state: enum ipcq_registration_state; written with release once @notice is filled
 *	in, read with acquire; goes forward only
 * @wait: for those who read or poll the file
 */
struct ipcq_registration {
	struct ipcq_notice notice;
	struct kref ref;
	struct ipcq_queue *queue;
	u32 how;
	int signo;
	sigval_t value;
	struct pid *owner;
	struct pid *thread;
	u64 exec_id;
	int state;
	wait_queue_head_t wait;
};

static void ipcq_registration_free(struct kref *ref)
{
	struct ipcq_registration *r = container_of(ref, struct ipcq_registration, ref);

	ipcq_queue_put(r->queue);
	put_pid(r->owner);
	put_pid(r->thread);
	put_pid(r->notice.sender);
	kfree(r);
}

static void ipcq_registration_put(struct ipcq_registration *r)
{
	kref_put(&r->ref, ipcq_registration_free);
}

/* The engine has it no more. */
static void ipcq_registration_end(struct ipcq_registration *r,
				  enum ipcq_registration_state state)
{
	/* Pairs with smp_load_acquire() in ipcq_registration_state(). */
	smp_store_release(&r->state, state);
	wake_up_interruptible_poll(&r->wait, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	ipcq_registration_put(r);
}

static void ipcq_registration_take(struct ipcq_engine *e,
				   const struct ipcq_notice *notice,
				   const struct ipcq_party *party,
				   const struct pid *owner)
{
	struct ipcq_notice *taken = ipcq_notice_take(e, notice, party, owner);

	if (taken)
		ipcq_registration_end(container_of(taken, struct ipcq_registration,
						   notice), IPCQ_ENDED);
}

/* The real uid of who sent the message; if the process is gone, what it was sent as. */
static kuid_t ipcq_sender_uid(const struct ipcq_notice *notice)
{
	kuid_t uid = notice->sender_uid;
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(notice->sender, PIDTYPE_TGID);
	if (task)
		uid = task_uid(task);
	rcu_read_unlock();
	return uid;
}

/* A look without the lock of signals: the mask may change right after in any case. */
static bool ipcq_wants_signal(struct task_struct *task, int signo)
{
	return !(task->flags & PF_EXITING) && !sigismember(&task->blocked, signo);
}

/*
 * Which thread gets the signal.
 *
 * What modules may call sends information along with a signal to a thread only.
 * So choose as the kernel does for a process: the main thread if it does not block
 * the signal, else any that does not, which a thread in sigwait(3) is as well.  If
 * all block it, the one that registered will look for it first.
 */
static struct task_struct *ipcq_signalled_thread(const struct ipcq_registration *r)
{
	struct task_struct *leader, *task;

	leader = pid_task(r->owner, PIDTYPE_TGID);
	/* The program that runs now may never have asked for a signal. */
	if (!leader || leader->self_exec_id != r->exec_id)
		return NULL;
	if (ipcq_wants_signal(leader, r->signo))
		return leader;
	for_each_thread(leader, task) {
		if (ipcq_wants_signal(task, r->signo))
			return task;
	}
	task = pid_task(r->thread, PIDTYPE_PID);
	if (task && same_thread_group(task, leader) && !(task->flags & PF_EXITING))
		return task;
	return leader;
}

static void ipcq_send_signal(const struct ipcq_registration *r, kuid_t uid)
{
	struct kernel_siginfo info;
	struct task_struct *task;

	clear_siginfo(&info);
	info.si_signo = r->signo;
	info.si_code = SI_MESGQ;
	info.si_value = r->value;
	/* Sending translates this into the receiver's user namespace, but no pid. */
	info.si_uid = from_kuid_munged(current_user_ns(), uid);

	rcu_read_lock();
	info.si_pid = pid_nr_ns(r->notice.sender, ns_of_pid(r->owner));
	task = ipcq_signalled_thread(r);
	if (task)
		send_sig_info(r->signo, &info, task);
	rcu_read_unlock();
}

static void ipcq_registration_arrived(struct ipcq_notice *notice)
{
	struct ipcq_registration *r = container_of(notice, struct ipcq_registration,
						   notice);

	notice->sender_uid = ipcq_sender_uid(notice);
	if (r->how == IPCQ_NOTIFY_SIGNAL)
		ipcq_send_signal(r, notice->sender_uid);
	ipcq_registration_end(r, IPCQ_ARRIVED);
}

static enum ipcq_registration_state
ipcq_registration_state(const struct ipcq_registration *r)
{
	/* Pairs with smp_store_release() in ipcq_registration_end(). */
	return smp_load_acquire(&r->state);
}

static int ipcq_notify_wait(struct ipcq_registration *r, bool nonblock)
{
	if (ipcq_registration_state(r) != IPCQ_REGISTERED)
		return 0;
	if (nonblock)
		return -EAGAIN;
	return wait_event_interruptible(r->wait, ipcq_registration_state(r) !=
						 IPCQ_REGISTERED);
}

static ssize_t ipcq_notify_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct ipcq_registration *r = iocb->ki_filp->private_data;
	struct ipcq_arrival arrival;
	bool nonblock;
	int err;

	if (iov_iter_count(to) < sizeof(arrival))
		return -EINVAL;
	nonblock = iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;
	err = ipcq_notify_wait(r, nonblock);
	if (err)
		return err;
	if (ipcq_registration_state(r) != IPCQ_ARRIVED)
		return 0;
	arrival.pid = pid_vnr(r->notice.sender);
	arrival.uid = from_kuid_munged(current_user_ns(), r->notice.sender_uid);
	if (copy_to_iter(&arrival, sizeof(arrival), to) != sizeof(arrival))
		return -EFAULT;
	/* Of several reads one tells of the message: the first whose copy has arrived. */
	if (cmpxchg(&r->state, IPCQ_ARRIVED, IPCQ_ENDED) != IPCQ_ARRIVED)
		return 0;
	wake_up_interruptible_poll(&r->wait, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	return sizeof(arrival);
}

static __poll_t ipcq_notify_poll(struct file *file, poll_table *wait)
{
	struct ipcq_registration *r = file->private_data;

	poll_wait(file, &r->wait, wait);
	switch (ipcq_registration_state(r)) {
	case IPCQ_REGISTERED:
		return 0;
	case IPCQ_ARRIVED:
		return EPOLLIN | EPOLLRDNORM;
	default:
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	}
}

static int ipcq_notify_flush(struct file *file, fl_owner_t id)
{
	struct ipcq_registration *r = file->private_data;

	ipcq_registration_take(&r->queue->engine, &r->notice, NULL,
			       task_tgid(current));
	return 0;
}

static int ipcq_notify_release(struct inode *inode, struct file *file)
{
	struct ipcq_registration *r = file->private_data;

	ipcq_registration_take(&r->queue->engine, &r->notice, NULL, NULL);
	ipcq_registration_put(r);
	return 0;
}

static const struct file_operations ipcq_notify_operations = {
	.owner = THIS_MODULE,
	.read_iter = ipcq_notify_read_iter,
	.poll = ipcq_notify_poll,
	.flush = ipcq_notify_flush,
	.release = ipcq_notify_release,
};

static struct ipcq_registration *
ipcq_registration_new(struct ipcq_opener *opener, const struct ipcq_notify *notify)
{
	struct ipcq_registration *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);

	if (!r)
		return NULL;
	kref_init(&r->ref);
	init_waitqueue_head(&r->wait);
	r->queue = opener->queue;
	kref_get(&r->queue->ref);
	r->how = notify->how;
	r->signo = notify->signo;
	BUILD_BUG_ON(sizeof(r->value) > sizeof(notify->value));
	memcpy(&r->value, &notify->value, sizeof(r->value));
	r->owner = get_pid(task_tgid(current));
	r->thread = get_pid(task_pid(current));
	r->exec_id = current->self_exec_id;
	r->notice.arrived = ipcq_registration_arrived;
	r->notice.party = &opener->party;
	r->notice.owner = r->owner;
	return r;
}

static int ipcq_registration_give(struct ipcq_registration *r)
{
	return ipcq_notice_give(&r->queue->engine, &r->notice);
}

static int ipcq_registration_give_fd(struct ipcq_registration *r, u32 open_flags)
{
	struct file *file;
	int err, fd;

	fd = get_unused_fd_flags(open_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = anon_inode_getfile("[ipcq-notify]", &ipcq_notify_operations, r,
				  O_RDONLY | open_flags);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto put_fd;
	}
	stream_open(file_inode(file), file);
	kref_get(&r->ref);
	err = ipcq_registration_give(r);
	if (err)
		goto put_file;
	fd_install(fd, file);
	return fd;

put_file:
	fput(file);
put_fd:
	put_unused_fd(fd);
	return err;
}

static bool ipcq_notify_is_valid(const struct ipcq_notify *notify)
{
	if (notify->pad)
		return false;
	if (notify->how != IPCQ_NOTIFY_FD && notify->open_flags)
		return false;
	if (notify->how != IPCQ_NOTIFY_SIGNAL && (notify->signo || notify->value))
		return false;
	switch (notify->how) {
	case IPCQ_NOTIFY_OFF:
	case IPCQ_NOTIFY_SILENT:
		return true;
	case IPCQ_NOTIFY_SIGNAL:
		return notify->signo && valid_signal(notify->signo);
	case IPCQ_NOTIFY_FD:
		return !(notify->open_flags & ~(O_NONBLOCK | O_CLOEXEC));
	default:
		return false;
	}
}

/**
 * ipcq_notify_ioctl() - IPCQ_IOC_NOTIFY
 * @opener: through whom
 * @cmd: the ioctl number, of any size
 * @arg: struct ipcq_notify
 *
 * Context: Process context.  May sleep.
 * Return: 0, or with IPCQ_NOTIFY_FD a descriptor; -EBUSY if the queue has a
 * registration, -EINVAL, -ENOMEM, -EMFILE or -ENFILE.
 */
long ipcq_notify_ioctl(struct ipcq_opener *opener, unsigned int cmd,
		       const void __user *arg)
{
	struct ipcq_registration *r;
	struct ipcq_notify notify;
	int ret;

	ret = ipcq_get_arg(&notify, sizeof(notify), IPCQ_NOTIFY_SIZE_VER0, cmd, arg);
	if (ret)
		return ret;
	if (!ipcq_notify_is_valid(&notify))
		return -EINVAL;
	if (notify.how == IPCQ_NOTIFY_OFF) {
		ipcq_registration_take(&opener->queue->engine, NULL, NULL,
				       task_tgid(current));
		return 0;
	}

	r = ipcq_registration_new(opener, &notify);
	if (!r)
		return -ENOMEM;
	if (notify.how == IPCQ_NOTIFY_FD)
		ret = ipcq_registration_give_fd(r, notify.open_flags);
	else
		ret = ipcq_registration_give(r);
	if (ret < 0)
		ipcq_registration_put(r);
	return ret;
}

/**
 * ipcq_notify_closed() - the current process closes a descriptor of an opener
 * @opener: the opener
 *
 * What the process has registered through it is taken back.  What another process
 * has, stays: it still has a descriptor of its own.
 *
 * Context: Process context, without locks.  May sleep.
 */
void ipcq_notify_closed(struct ipcq_opener *opener)
{
	ipcq_registration_take(&opener->queue->engine, NULL, &opener->party,
			       task_tgid(current));
}

/**
 * ipcq_notify_released() - an opener is about to go
 * @opener: the opener
 *
 * Processes can share a table of descriptors: then who closes the last descriptor
 * need not be who registered.
 *
 * Context: Process context, without locks.  May sleep.
 */
void ipcq_notify_released(struct ipcq_opener *opener)
{
	ipcq_registration_take(&opener->queue->engine, NULL, &opener->party, NULL);
}
