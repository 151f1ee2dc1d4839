# SPDX-License-Identifier: GPL-2.0-only
# The names of queues, under sanitizers; and what the library exports.

mq_names	 := libipcq-mqueue/tests/names
mq_names_sources := $(mq_names).c $(addprefix libipcq-mqueue/,name.c digest.c) libipcq/name.c

$(mq_names): $(mq_names_sources) libipcq-mqueue/internal.h libipcq/ipcq.h
	$(CC) $(filter-out -MMD -MP,$(ours)) -Ilibipcq-mqueue -fsanitize=address,undefined \
		-fno-sanitize-recover $(CPPFLAGS) $(CFLAGS) -o $@ $(mq_names_sources)
