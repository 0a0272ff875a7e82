# What people run. `make test` is exactly what CI runs.

CARGO ?= cargo
PREFIX ?= /usr/local
CROSS ?= ../shared/tools/cross
ROUNDS ?= 20000

.PHONY: test setup format lint unit doc node test-runtimes pack stress bench bench-fio bench-node generate install check-cross clean help

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make test         everything CI checks: format, lints, tests, docs; installs what that needs
test: setup format lint unit doc node

## make setup        install what the tests need (as root on Debian), or name what is missing
setup:
	@scripts/setup

format:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets --all-features --locked -- -D warnings

unit:
	$(CARGO) test --workspace --all-features --locked

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --all-features --no-deps --document-private-items --locked

## make node         build the addon for Node.js, and test it
node:
	if command -v node; then CARGO="$(CARGO)" node node/build/cli.js --debug && node --test node/test/*.test.js; else echo "SKIP node: Node.js is not installed"; fi

## make pack         the npm packages, mmapio and this machine's, in target/npm (TARGET=triple for another, with the cross tool)
pack:
	CARGO="$(CARGO)" CROSS="$(CROSS)" node node/scripts/pack.js $(if $(TARGET),--target $(TARGET))

## make test-runtimes  the same on Node 18 to 26, Bun and Deno from the npm registry, in workers, contexts and with flags (minutes)
test-runtimes:
	CARGO="$(CARGO)" node node/build/cli.js --debug
	node node/scripts/runtimes.js $(RUNTIMES)

## make stress       race truncations against mappings on five filesystems, 20,000 times each (some minutes; as root)
stress: setup
	MMAPIO_STRESS_ROUNDS=$(ROUNDS) $(CARGO) test --locked -p mmapio-cli --test guard_races -- --test-threads 2

## make bench        measure beside its peers (BENCH="--quick" for a short look)
bench:
	@scripts/setup bench
	$(CARGO) build --release --locked -p mmapio-cli
	$(CARGO) build --release --locked -p mmapio-core --example probe_runs --example guard_cost
	benches/compare --growth $(BENCH)

## make bench-fio    measure mmapio bench beside fio (BENCH="--quick" for a short look)
bench-fio:
	@scripts/setup bench
	$(CARGO) build --release --locked -p mmapio-cli
	benches/bench_vs_fio $(BENCH)

## make bench-node  measure the addon beside @riaskov/mmap-io, and ways to read a file (BENCH="--quick" for a short look)
bench-node:
	$(CARGO) build --release --locked -p mmapio-node --features napi
	node benches/node/compare.js $(BENCH)

## make generate     write the manual pages and completions anew
generate:
	$(CARGO) run --quiet --locked -- man --dir man
	for shell in bash zsh fish powershell elvish nushell; do \
		$(CARGO) run --quiet --locked -- completions $$shell > completions/mmapio.$$shell || exit 1; \
	done

## make install      install the command, its manual pages, completions and systemd unit under PREFIX
install:
	$(CARGO) build --release --locked -p mmapio-cli
	install -D -m 755 target/release/mmapio $(DESTDIR)$(PREFIX)/bin/mmapio
	for page in man/*.1; do install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man1/$${page##*/} || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/bin/mmapio|$(PREFIX)/bin/mmapio|' packaging/mmapio-lock@.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/mmapio-lock@.service
	install -D -m 644 completions/mmapio.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mmapio
	install -D -m 644 completions/mmapio.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mmapio
	install -D -m 644 completions/mmapio.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/mmapio.fish

## make check-cross  type-check for Windows and macOS (needs the cross tool; CROSS names it)
check-cross:
	# Type-checking needs the library only by name.
	mkdir -p target/libnode && touch target/libnode/libnode.dll
	LIBNODE_PATH=$(CURDIR)/target/libnode $(CROSS) x86_64-pc-windows-gnu check --workspace --all-features --locked
	$(CROSS) aarch64-apple-darwin check --workspace --all-features --locked

clean:
	$(CARGO) clean
