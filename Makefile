# Sidetone. `make test` runs everything from a bare Debian/Ubuntu machine with Rust; `make help` lists the rest.
CARGO ?= cargo
.DEFAULT_GOAL := help
.PHONY: help build test quick faults faults-quick faults-second faults-hour endurance calls demo pictures lint doc test-data gate rtsan measure cost shift accuracy accuracy-quick peers peers-quick fuzz deny clean-bench deb rpm package-test install uninstall

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

PREFIX ?= /usr/local
export PREFIX DESTDIR

build: ## the release binary, target/release/sidetone
	@scripts/install-deps build
	$(CARGO) build --release --locked

demo: test-data build ## simulated agents, a broker and the live page on this machine; Ctrl-C ends it
	@scripts/install-deps demo
	@target/release/sidetone demo

pictures: test-data build ## docs/images/board*.png, taken of the running demonstration
	@scripts/install-deps demo pictures
	scripts/pictures

test: quick accuracy-quick faults-quick calls rtsan gate package-test bench ## everything: the quick layer, a tenth of the accuracy table, a short fault campaign, real softphones, the real-time check, the instruction gate, the packages, the QEMU bench

deb: build ## the Debian package, in target/debian/
	@scripts/install-deps package
	packaging/build-deb

rpm: build ## the RPM package, in target/rpm/
	@scripts/install-deps package
	packaging/build-rpm

package-test: deb rpm ## the packages in a clean Debian: install, upgrade, remove, purge
	tests/package/run

# Not built here, so that `sudo make install` does not leave root's files in target/.
install: ## the program, its units, rules, pages under PREFIX (/usr/local) in DESTDIR; after make build
	packaging/install-tree

uninstall: ## removes what install has put there; keeps /etc/sidetone
	packaging/install-tree --remove

quick: test-data ## tests without QEMU: real broker, PulseAudio, PipeWire, recorded HID devices
	@scripts/install-deps build quick
	scripts/quick

calls: ## real calls: baresip, linphone, a browser's softphone, and a customer who judges
	@scripts/install-deps build quick calls
	scripts/calls

# In the profile of the tests: how fast it is built matters more than how fast it runs.
faults: ## the fault campaign, 20 min: daemon, broker, link and disk fail, two consumers count what is lost; then faults-second
	@scripts/install-deps build quick second-broker
	$(CARGO) bench --locked --profile dev --bench faults -- whole
	$(CARGO) bench --locked --profile dev --bench faults -- second

faults-second: ## the same, smaller, against a second broker: RabbitMQ, over MQTT 3.1.1
	@scripts/install-deps build quick second-broker
	$(CARGO) bench --locked --profile dev --bench faults -- second

faults-quick: ## the same in less than two minutes
	@scripts/install-deps build quick
	$(CARGO) bench --locked --profile dev --bench faults -- quick

faults-hour: ## one consumer away for an hour, broker and settling time as shipped; AWAY=SECONDS for another time
	@scripts/install-deps build quick
	$(CARGO) bench --locked --profile dev --bench faults -- away=$(or $(AWAY),3600)

endurance: ## a day of calls (288, or CALLS=N) through the real daemon: memory, descriptors and threads stay flat; 10 min
	@scripts/install-deps build quick
	$(CARGO) bench --locked --profile dev --bench endurance -- calls=$(or $(CALLS),288)

test-data: ## fetches the recorded speech the tests measure with (Debian packages, no root)
	@scripts/fetch-sounds

lint: ## fmt, clippy, rustdoc
	@scripts/install-deps build
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

rtsan: ## the analyser under the real-time sanitizer
	scripts/rtsan-test

gate: ## instruction counts against the limits checked in
	@scripts/install-deps build gate
	scripts/instruction-gate

cost: test-data ## what each part of the analysis costs beside the least it can, in instructions, and how it grows with headsets
	@scripts/install-deps build gate
	scripts/analyser-cost

measure: test-data ## the benchmarks behind docs/measurements.md
	@scripts/install-deps build quick gate
	$(CARGO) bench --locked

shift: ## eight hours of twenty agents through the alert rules: alarm rates, precision, recall
	@scripts/install-deps build
	$(CARGO) bench --locked --bench shift

accuracy: test-data ## how well the analyser judges, every row of the table, into docs/measurements.md (ten minutes)
	@scripts/install-deps build
	$(CARGO) run --release --locked -p sidetone-accuracy -- write

accuracy-quick: test-data ## a tenth of that against the figures checked in; fails on what has become worse (a minute)
	@scripts/install-deps build
	$(CARGO) run --release --locked -p sidetone-accuracy -- quick

peers: test-data ## the same calls judged by other programs, from PyPI, into docs/measurements.md (an hour on two cores)
	@scripts/install-deps build peers
	scripts/peers

peers-quick: test-data ## a tenth of that, printed and not written
	@scripts/install-deps build peers
	scripts/peers quick

fuzz: ## every fuzz target for FUZZ_SECONDS (default 60); needs cargo-fuzz
	scripts/fuzz

deny: ## licences, bans, sources and advisories; needs cargo-deny
	$(CARGO) deny check

include tests/bench/bench.mk
