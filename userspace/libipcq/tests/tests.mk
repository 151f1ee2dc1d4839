# SPDX-License-Identifier: GPL-2.0-only
# One program that uses every call, built in every way in which a program may be.

use_tests := $(addprefix libipcq/tests/use-,c-static c-shared c++-static c++-shared)
use_flags  = -DIPCQ_VERSION='"$(VERSION)"' -I$(UAPI) -Ilibipcq -Wall -Wextra -Werror
rpath     := -Wl,-rpath,'$$ORIGIN/..'

libipcq/tests/use-c-static: libipcq/tests/use.c libipcq/ipcq.h $(static)
	$(CC) -std=c11 -pedantic $(use_flags) $(CFLAGS) -o $@ $< $(static)

libipcq/tests/use-c-shared: libipcq/tests/use.c libipcq/ipcq.h $(shared)
	$(CC) -std=c11 -pedantic $(use_flags) $(CFLAGS) -o $@ $< -Llibipcq -lipcq $(rpath)

libipcq/tests/use-c++-static: libipcq/tests/use.c libipcq/ipcq.h $(static)
	$(CXX) -std=c++11 $(use_flags) $(CFLAGS) -o $@ -x c++ $< -x none $(static)

libipcq/tests/use-c++-shared: libipcq/tests/use.c libipcq/ipcq.h $(shared)
	$(CXX) -std=c++11 $(use_flags) $(CFLAGS) -o $@ -x c++ $< -x none \
		-Llibipcq -lipcq $(rpath)
