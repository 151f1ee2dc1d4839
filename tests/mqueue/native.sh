#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the programs assert is so: of the system's own queues.
set -u

if [ ! -e /proc/sys/fs/mqueue ]; then
	echo "this kernel has no POSIX message queues of its own"
	exit 4
fi
# shellcheck source=tests/mqueue/lib.sh
. "$(dirname "$0")/lib.sh"
run_programs env
