/* SPDX-License-Identifier: GPL-2.0-only */
/* Run a command for whose time something else is to last. */
#ifndef HOLD_OPEN_H
#define HOLD_OPEN_H

/*
 * Run @command, wait for its end and return the exit status that a shell would give
 * it: 126 or 127 if it cannot be run, 128 and the signal that killed it.
 */
int run_command(char **command);

#endif /* HOLD_OPEN_H */
