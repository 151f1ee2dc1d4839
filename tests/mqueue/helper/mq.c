// SPDX-License-Identifier: GPL-2.0-only
/*
 * mq NAME MAXMSG MSGSIZE WORD...: send each word, or without any receive all that waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct mq_attr attr = { .mq_maxmsg = atol(argv[2]), .mq_msgsize = atol(argv[3]) };
	mqd_t mqd = mq_open(argv[1], O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr);
	static char buf[1 << 20];
	int i;

	if (mqd < 0) {
		fprintf(stderr, "mq_open: %s\n", strerror(errno));
		return 1;
	}
	for (i = 4; i < argc; i++) {
		if (mq_send(mqd, argv[i], strlen(argv[i]), i) < 0) {
			fprintf(stderr, "mq_send: %s\n", strerror(errno));
			return 1;
		}
	}
	if (argc == 4) {
		while (mq_receive(mqd, buf, sizeof(buf), NULL) >= 0)
			puts(buf);
	}
	return 0;
}
