# The QEMU bench: a real kernel, an emulated headset, the real program. See tests/bench/README.md.
# BENCH_JOBS guests run at the same time; each keeps one processor busy.
BENCH_JOBS ?= $(shell nproc)

.PHONY: bench bench-image bench-systemd-image bench-shell clean-bench

bench: bench-image $(if $(TESTS),$(if $(findstring systemd-,$(TESTS)),bench-systemd-image),bench-systemd-image) ## the QEMU bench; one test of it: make bench TESTS=controls@0b0e:0422
	BENCH_JOBS=$(BENCH_JOBS) tests/bench/run-all $(TESTS)

bench-shell: bench-image ## a shell in the guest with a headset plugged in; another: HEADSET=1395:0058
	tests/bench/run-guest --shell $(HEADSET)

bench-image:
	@scripts/install-deps build quick bench
	$(CARGO) build --locked -p sidetone -p sidetone-bench
	tests/bench/build-image

# The guest with systemd runs what users install: the Debian package.
bench-systemd-image: deb
	tests/bench/build-systemd-image "$$(packaging/build-deb)"

clean-bench: ## removes the guest's kernel, image, sounds and logs
	rm -rf target/bench
