# SPDX-License-Identifier: GPL-2.0-only
# What of the tools can be tested without the module, under sanitizers.

units		:= tools/tests/units
units_sources	:= $(units).c $(addprefix tools/,buffer.c interrupt.c json.c message_format.c \
		     parse.c payload_source.c report.c utf8.c) $(wildcard libipcq/*.c)

$(units): $(units_sources) $(wildcard tools/*.h) libipcq/ipcq.h
	$(CC) $(filter-out -MMD -MP,$(ours)) -Itools -pthread -fsanitize=address,undefined \
		-fno-sanitize-recover $(CPPFLAGS) $(CFLAGS) -o $@ $(units_sources)
