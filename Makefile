# SPDX-License-Identifier: GPL-2.0-only
# "make help" lists what can be made.

VERSION	:= $(shell cat VERSION)
PREFIX	?= /usr/local
MANDIR	?= $(PREFIX)/share/man

# The kernel to build for: the running one if its headers are here, else the
# newest whose headers are.
headers	= $(patsubst /lib/modules/%/build,%,$(wildcard /lib/modules/$(1)/build))
running	:= $(call headers,$(shell uname -r))
KVER	?= $(or $(running),$(shell printf '%s\n' $(call headers,*) | sort -V | tail -n 1))
KDIR	?= /lib/modules/$(KVER)/build
no_headers := none, run make deps
# Without the kernel's own image there is nothing to make BTF from: say so once, here.
no_btf	:= $(if $(wildcard $(KDIR)/vmlinux),,CONFIG_DEBUG_INFO_BTF_MODULES=)

MODULE	:= module/ipcq.ko
VM	:= tests/vm/run

.PHONY: help all module kunit userspace install uninstall dkms-install dkms-source dkms-remove \
	deps vm demo check t check-sanitizers check-kernels coverage bench lint build-kernels clean \
	check-mutations stress fuzz

all: module userspace ## build the module and the tools (default)

help: ## show this
	@echo "Usage: make [TARGET]... [VARIABLE=VALUE]..."
	@echo
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target text; do \
			printf '  %-16s %s\n' "$$target" "$$text"; \
		done
	@echo
	@echo "  KVER=VERSION    kernel to build for (now: $(or $(KVER),$(no_headers)))"
	@echo "  KDIR=DIR        its build directory (now: $(if $(KVER),$(KDIR),none))"
	@echo "  PREFIX=DIR      where the user-space part goes (now: $(PREFIX))"
	@echo "  DESTDIR=DIR     prepended to every installed file"
	@echo "  T=NAME          what 'make t' runs"
	@echo "  MODE=MODE       what 'make bench' measures: counted, timed or all (default)"
	@echo "  RECORD=1        make its figures the recorded ones"
	@echo "  SECONDS=N       how long 'make fuzz' takes (300); or OPERATIONS=N; SEED=N"

module: ## build module/ipcq.ko
	@[ -d "$(KDIR)" ] || { echo "No kernel headers in $(KDIR): run 'make deps'," \
		"install linux-headers-$$(uname -r), or set KVER or KDIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(no_btf) modules

kunit: ## build the tests of the queue engine, for a kernel that has KUnit
	@if grep -qs '^CONFIG_KUNIT=' $(KDIR)/.config; then \
		$(MAKE) -C $(KDIR) M=$(CURDIR)/tests/kunit modules; \
	else \
		rm -f tests/kunit/ipcq_kunit.ko; \
	fi

userspace: ## build libipcq and the tools
	$(MAKE) -C userspace all

install: all ## install everything; then: modprobe ipcq
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) \
		CONFIG_MODULE_SIG_ALL= modules_install
	$(if $(DESTDIR),,depmod -a $(KVER))
	$(if $(DESTDIR)$(filter $(KVER),$(shell uname -r)),,\
		@echo "Note: this is for Linux $(KVER), not for the running $$(uname -r)")
	$(MAKE) -C userspace install
	set -e; for page in $(wildcard docs/man/*.[47]); do \
		install -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	done

uninstall: ## remove what install installed
	$(if $(KVER),find $(DESTDIR)/lib/modules/$(KVER) -name ipcq.ko -not -path '*/dkms/*' -delete)
	$(if $(DESTDIR),,$(if $(KVER),depmod -a $(KVER)))
	$(MAKE) -C userspace uninstall
	rm -f $(foreach page,$(wildcard docs/man/*.[47]),\
		$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	@[ -n "$(DESTDIR)" ] || [ ! -e /sys/module/ipcq ] || \
		echo "Note: the module is still loaded: rmmod ipcq"

dkms-install: dkms-source ## give the module to DKMS, which rebuilds it for each new kernel
	dkms install ipcq/$(VERSION)

# What DKMS needs to build the module, and no more.
DKMS_SOURCE := /usr/src/ipcq-$(VERSION)
dkms-source:
	install -d $(DKMS_SOURCE)
	find Kbuild VERSION dkms.conf module -type f ! -name '*.mod.c' \
		\( -name '*.[ch]' -o -name Kbuild -o -name VERSION -o -name dkms.conf \) \
		-exec cp --parents -t $(DKMS_SOURCE) {} +

dkms-remove: ## take it back from DKMS
	dkms remove ipcq/$(VERSION) --all
	rm -r $(DKMS_SOURCE)

deps: ## install the Debian packages that are missing for all of this
	@tests/deps check

# What runs in the VM must be built for the VM's kernel.
vm_make = $(MAKE) --no-print-directory KVER=$$($(VM) --print-kernel)

vm: ## a shell in a virtual machine with the module loaded
	@tests/deps vm
	@$(vm_make) -s all
	@echo "A virtual machine: all of it but $(CURDIR) is forgotten at its end. exit ends it."
	@$(VM) --module $(MODULE) --interactive; case $$? in 77|120|125) exit 1 ;; esac

demo: ## watch messages pile up and drain, in a virtual machine
	@tests/deps demo
	@$(vm_make) -s all
	@tests/demo/run

check: deps ## build and test everything
	@$(vm_make) all kunit
	@tests/check

check-mutations: ## plant faults in copies of the module, and see that the tests catch them
	@tests/deps lab
	@tests/mutation/run $(FAULTS)

t: deps ## build, and run the tests T=NAME in a virtual machine
	@$(vm_make) -s all kunit
	@tests/check --only "$(T)"

check-sanitizers: ## run the tests (or T=NAME) in kernels that look for faults and races
	@tests/deps lab
	@tests/lab/sanitizers $(if $(T),--only "$(T)")

SECONDS ?= 300
stress: ## everything at once, and killed (SECONDS=, SEED=, KERNEL=stock or sanitizer)
	@tests/deps lab
	@$(vm_make) -s all
	@tests/lab/stress --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) \
		$(if $(KERNEL),--kernel $(KERNEL))

check-kernels: ## run the tests (or T=NAME) in the kernels of newer Debian suites, too
	@tests/deps lab
	@tests/lab/kernels $(if $(T),--only "$(T)")

coverage: ## run the tests (or T=NAME), and tell which lines of the module ran
	@tests/deps lab
	@tests/lab/coverage $(if $(T),--only "$(T)")

fuzz: ## run random operations, guided by what they reach (LIGHT=1: memory alone)
	@tests/deps lab
	@tests/fuzz/run \
		$(if $(OPERATIONS),--operations $(OPERATIONS),--seconds $(SECONDS)) \
		$(if $(SEED),--seed $(SEED)) $(if $(LIGHT),--light)

# Prints tables and targets, compares with the recorded figures; see docs/benchmarks.md.
bench: ## measure what a message costs, beside every other mechanism
	@tests/deps bench
	@$(vm_make) -s all
	@$(MAKE) --no-print-directory -s -C tests/bench
	@tests/bench/run $(if $(MODE),--mode $(MODE)) $(if $(RECORD),--record)

lint: deps ## static checks of every source file
	@KVER=$$($(VM) --print-kernel) tests/lint/run

build-kernels: deps ## build the module for the other kernels it supports
	@tests/check --only host/kernels

clean: ## remove what was built
	$(if $(wildcard $(KDIR)),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)
	$(MAKE) -C userspace clean
	rm -rf build
