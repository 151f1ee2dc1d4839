/* SPDX-License-Identifier: GPL-2.0-only */
/* The descriptors that a tool was started with. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

/*
 * Keep descriptors 0 to 2 from being anything but what the tool was given: a queue or a
 * socket that took the place of a closed stdout would get what is printed.
 */
void keep_standard_descriptors(void);

#endif /* DESCRIPTORS_H */
