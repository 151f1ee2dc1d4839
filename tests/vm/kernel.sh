# SPDX-License-Identifier: GPL-2.0-only
# Sourced by tests/vm/run: which kernel to boot, and the initramfs for it.
# shellcheck shell=bash disable=SC2154

# What it takes to mount the host's root over 9p and to have virtio ports, in
# the order of dependency.
vm_boot_modules=(
	netfs fscache 9pnet 9p
	virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci
	9pnet_virtio virtio_console overlay
)

# Prints the newest version of which image, modules and headers are installed.
vm_newest_kernel() {
	local image version

	for image in /boot/vmlinuz-*; do
		version=${image#/boot/vmlinuz-}
		if [ -e "/lib/modules/$version/build" ] && [ -r "$image" ]; then
			echo "$version"
		fi
	done | sort -V | tail -n 1
}

# Prints the file of the module $2 in the modules directory $1, if there is one.
vm_module_file() {
	# Names have - and _ alike.
	find "$1/" -name "${2//_/[-_]}.ko" -o -name "${2//_/[-_]}.ko.[gxz]*" | head -n 1
}

vm_unpack_module() {
	case $1 in
	*.xz)	xz -dc "$1" ;;
	*.zst)	zstd -dqc "$1" ;;
	*.gz)	gzip -dc "$1" ;;
	*)	cat "$1" ;;
	esac
}

# Makes the initramfs $1 from the modules directory $2, unless it is up to date.
vm_make_initramfs() {
	local initramfs=$1 modules_dir=$2 root module file

	if [ "$initramfs" -nt "$vm_dir/init" ] && [ "$initramfs" -nt "$vm_dir/kernel.sh" ] &&
	   [ "$initramfs" -nt "$modules_dir" ]; then
		return 0
	fi
	mkdir -p "$(dirname "$initramfs")"
	root=$(mktemp -d "$initramfs.XXXXXX")
	mkdir "$root/bin" "$root/modules"
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$vm_dir/init" "$root/init"
	chmod 755 "$root/init"
	for module in "${vm_boot_modules[@]}"; do
		file=$(vm_module_file "$modules_dir" "$module")
		[ -n "$file" ] || continue
		vm_unpack_module "$file" > "$root/modules/$module.ko"
		echo "$module.ko"
	done > "$root/modules/list"
	(cd "$root" && find . | busybox cpio -o -H newc 2> /dev/null) > "$root.cpio"
	rm -r "$root"
	mv "$root.cpio" "$initramfs"
}
