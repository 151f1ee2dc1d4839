# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the programs of this directory: the fuzzer in the kernel with sanitizers,
# with a module that tells what is reached in it.
# shellcheck shell=bash

fuzz=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/lab/lib.sh
. "$fuzz/../lab/lib.sh"
results=$tree/build/fuzz
copy=$(lab_copy fuzz)
# Look for faults of memory and undefined behaviour only.
fuzz_is_light=no

# Build all that it takes; sets kernel.
fuzz_prepare() {
	kernel=$("$tests/kernels/build" sanitizer)
	"$tests/kernels/module" "$kernel" "$copy" UBSAN_SANITIZE=y KCOV_INSTRUMENT=y
	lab_programs
	mkdir -p "$results"
	if [ "$fuzz_is_light" = yes ]; then
		rm -rf "$results/light"
		cp -r "$fuzz/light" "$results/light"
		make -s -C "$kernel" M="$results/light" modules > /dev/null
	fi
}

# How many places the compiler has made in the code that can be reached once the module
# is loaded.
fuzz_places() {
	readelf -rW "$copy/module/ipcq.ko" | awk '
		/^Relocation section/ { counts = $3 ~ /^.\.rela\.text(\.unlikely)?.$/ }
		counts && /__sanitizer_cov_trace_pc/ { n++ }
		END { print n + 0 }'
}

# fuzz_in_vm SECONDS ARGUMENT...: run the fuzzer, for about so long.  What it was at is
# noted in memory that it has from this machine, and is known even if it dies.
fuzz_in_vm() {
	local seconds=$1 status=0 place=$results/place
	local append="panic_on_warn=1 hung_task_panic=1 loglevel=5" modules=()

	shift
	if [ "$fuzz_is_light" = yes ]; then
		append+=" ipcq_vm.light kmemleak=off no_debug_objects"
		modules=(--module "$results/light/ipcq_fuzz_light.ko")
	fi
	rm -f "$place"
	truncate -s 2M "$place"
	# KASAN sees what the allocator's own checks would, which cost as much again.  And
	# the time must not come from an emulated device, as it would without being told.
	"$tests/vm/run" --kernel-image "$kernel/arch/x86/boot/bzImage" --mem 3G \
		--timeout $((seconds == 0 ? 0 : seconds + 300)) \
		--append "$append slub_debug=- tsc=reliable" \
		--qemu "-object memory-backend-file,id=place,size=2M,share=on,mem-path=$place \
-device ivshmem-plain,memdev=place" \
		"${modules[@]}" --module "$copy/module/ipcq.ko" \
		"$fuzz/guest" --places "$(fuzz_places)" "$@" || status=$?
	if [ "$status" != 0 ] && [ "$status" != 77 ]; then
		"$fuzz/agent/ipcq-fuzz" --show "$place" "$results" || true
		echo "# what was being run: ${results#"$PWD"/}/last-*.txt, before-*.txt"
	fi
	return "$status"
}
