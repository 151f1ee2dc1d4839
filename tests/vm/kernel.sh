# SPDX-License-Identifier: GPL-2.0-only
# Sourced by tests/vm/run: which kernel to boot, in which form, and the
# initramfs for it.
# shellcheck shell=bash disable=SC2154

# What it takes to mount the host's root over 9p and to have virtio ports, in
# the order of dependency.
vm_boot_modules=(
	netfs fscache 9pnet 9p
	virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci
	9pnet_virtio virtio_console overlay
)

# Whether the installed kernel $1 can be the guest, and modules be built for it.
vm_can_boot() {
	local modules=/lib/modules/$1

	[ -r "/boot/vmlinuz-$1" ] && [ -e "$modules/build" ] &&
		grep -qs '/9pnet_virtio\.ko' "$modules/modules.dep" "$modules/modules.builtin"
}

# Prints the running kernel's version or, if that one cannot be the guest, the
# newest that can.
vm_choose_kernel() {
	local image

	if vm_can_boot "$(uname -r)"; then
		uname -r
		return
	fi
	for image in /boot/vmlinuz-*; do
		if vm_can_boot "${image#/boot/vmlinuz-}"; then
			echo "${image#/boot/vmlinuz-}"
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

# Unpacks what the bzImage $1 carries into the file $2.  The offsets are those of
# the boot protocol's setup header.
vm_unpack_kernel() {
	local sectors offset size

	field() {
		od -An -v -j "$2" "-t$3" -N "${3#u}" "$1" | tr -d ' '
	}
	sectors=$(field "$1" 497 u1)
	offset=$(field "$1" 584 u4)
	size=$(field "$1" 588 u4)
	tail -c "+$(((sectors + 1) * 512 + offset + 1))" "$1" | head -c "$size" > "$2.packed"
	# The size that follows the packed data makes the unpackers complain.
	# shellcheck disable=SC2094 # both only read it
	case $(head -c 4 "$2.packed" | od -An -tx1 | tr -d ' ') in
	1f8b*)		gzip -dc ;;
	fd377a58)	xz -dc --single-stream ;;
	28b52ffd)	zstd -dc ;;
	*)		cat ;;
	esac < "$2.packed" > "$2" 2> /dev/null || true
	rm "$2.packed"
}

# Prints the file to boot for the kernel $1, using the directory $2.  A guest in
# software emulation takes longer to unpack its kernel than to boot it, so that
# is done here once, if the kernel can be entered unpacked (its Xen note 0x12).
vm_boot_file() {
	local file=$2/vmlinux

	if [ ! "$file" -nt "$1" ]; then
		vm_unpack_kernel "$1" "$file.$$"
		if readelf -n "$file.$$" 2> /dev/null | grep -A 1 Xen | grep -q '0x0*12)'; then
			strip --strip-debug "$file.$$"
		else
			: > "$file.$$"
		fi
		mv "$file.$$" "$file"
	fi
	if [ -s "$file" ]; then
		echo "$file"
	else
		echo "$1"
	fi
}
