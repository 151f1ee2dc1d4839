/* SPDX-License-Identifier: GPL-2.0-only */
/* What must be true between cases. */
#ifndef CHECK_H
#define CHECK_H

int check_init(unsigned int workers);
int check_slots(void);
int check_rest(void);
int check_log(void);
void check_end(void);

#endif /* CHECK_H */
