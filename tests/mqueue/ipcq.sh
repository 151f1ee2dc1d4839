#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the programs assert is so: of queues of ipcq.
set -u

# shellcheck source=tests/mqueue/lib.sh
. "$(dirname "$0")/lib.sh"
run_programs ipcq-mq
