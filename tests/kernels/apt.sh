# SPDX-License-Identifier: GPL-2.0-only
# Sourced by tests/kernels/suites.sh: packages of another suite than this machine's,
# from this machine's mirror, without touching this machine's configuration.
# shellcheck shell=bash

# Prints the codename of this machine's Debian.
host_suite() {
	(. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# Prints the mirror that this machine has its packages from.
mirror() {
	# shellcheck disable=SC2016 # apt-get expands it
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$(host_suite)" '$1 == suite { print $2; exit }'
}

# Prints the sources for suite $1, and for the one it builds on if there is one.
sources() {
	local uri suite

	uri=$(mirror)
	for suite in "${1%-backports}" "$1"; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
	done | sort -u
}

# An apt-get of its own for suite $1, with all its files in directory $2.
private_apt() {
	local suite=$1 dir=$2

	shift 2
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	sources "$suite" > "$dir/sources.list"
	apt-get -qq -y -t "$suite" --no-install-recommends \
		-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir" \
		-o APT::Sandbox::User= -o Debug::NoLocking=1 "$@"
}
