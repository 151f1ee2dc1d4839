/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

/*
 * Signals that no handler can keep from ending the agent, or that it uses itself, become
 * another one: what the module does with them is the same.
 */
static inline int harmless(unsigned int signo)
{
	switch (signo) {
	case SIGKILL: case SIGSTOP: case SIGSEGV: case SIGBUS: case SIGILL: case SIGFPE:
	case SIGTRAP: case SIGABRT: case SIGALRM: case SIGUSR1: case 32: case 33:
		return SIGUSR2;
	default:
		return signo;
	}
}

#endif /* SIGNALS_H */
