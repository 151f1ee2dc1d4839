/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that replace each other in place on a terminal. */
#ifndef IPCQ_STAT_SCREEN_H
#define IPCQ_STAT_SCREEN_H

#include "format.h"

/* Takes the size of the terminal anew; 80 by 24 when it does not tell. */
void screen_measure(struct style *style);

/*
 * Shows a text of whole lines where the one before stands, cut to the size of
 * the terminal.  Without a terminal it is printed as it is.
 */
void screen_show(const char *frame, const struct style *style);

/* The next frame starts at the top of an empty screen. */
void screen_restart(const struct style *style);

/* Gives the cursor back, below the last frame.  Call it before the end. */
void screen_leave(const struct style *style);

#endif
