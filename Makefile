# `make` builds on a fresh machine and shows the sockets of a real lab capture; `make test` runs every test.
# Both need Rust and a C compiler, and install libpcap's headers where they are missing.

CAPTURE = fixtures/udp-echo/two-clients/20231234.pcapng

.PHONY: all libpcap build test bench lint clean

all: build
	cargo run --release --quiet -- $(CAPTURE)

build: libpcap
	cargo build --release

# The headers of libpcap, for the tests and the benchmark that hold its reader against ours.
libpcap:
	@test -e /usr/include/pcap/pcap.h || test "$$(uname)" = Darwin || sh .ci/install libpcap-dev

test: libpcap
	cargo test --all-features

lint:
	cargo fmt --check
	cargo clippy --all-targets --all-features -- -D warnings

bench: libpcap
	cargo build --release --bin sockscope --example captures
	python3 benches/compare.py $(BENCH)

clean:
	cargo clean
