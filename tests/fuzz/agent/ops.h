/* SPDX-License-Identifier: GPL-2.0-only */
/* All kinds of operations. */
#ifndef OPS_H
#define OPS_H

#include "case.h"

extern const struct op_type op_types[];
extern const unsigned int nr_op_types;

/* The result of a call that returns -1 and sets errno. */
#define RESULT(call)	({ long _r = (call); _r == -1 ? -errno : _r; })

/* ioctls.c */
long do_ioctl(struct thread *t, const struct op_type *type, const uint64_t *arg);
void prepare_records(struct thread *t, const uint64_t *arg);

/* netlink.c */
int netlink_init(void);
long do_netlink(struct thread *t, const struct op_type *type, const uint64_t *arg);
long do_request(struct thread *t, const struct op_type *type, const uint64_t *arg);
long do_reply(struct thread *t, const struct op_type *type, const uint64_t *arg);
long do_group(struct thread *t, const struct op_type *type, const uint64_t *arg);

/* calls.c */
#define CALL(name) \
	long do_##name(struct thread *t, const struct op_type *type, const uint64_t *arg)
CALL(open);
CALL(close);
CALL(dup);
CALL(read);
CALL(write);
CALL(readv);
CALL(writev);
CALL(pread);
CALL(pwrite);
CALL(seek);
CALL(poll);
CALL(select);
CALL(epoll);
CALL(watch);
CALL(epoll_wait);
CALL(fcntl);
CALL(mmap);
CALL(munmap);
CALL(poke);
CALL(raw_ioctl);
CALL(pipe);
CALL(splice);
CALL(fstat);
CALL(fdinfo);
CALL(chmod);
CALL(chown);
CALL(unlink);
CALL(signal);
CALL(mask);
CALL(user);
CALL(yield);
CALL(child);
#undef CALL

#endif /* OPS_H */
