# `make` sets up a fresh machine, builds, and shows the sockets of a real lab capture; `make test` runs every test.

CAPTURE = fixtures/udp-echo/two-clients/20231234.pcapng
SOCKSCOPE = target/release/sockscope

.PHONY: all libpcap build test bench lint clean

all: build
	$(SOCKSCOPE) $(CAPTURE)

build: libpcap
	cargo build --release

# The headers of libpcap, for the tests and the benchmark that hold its reader against ours.
libpcap:
	@test -e /usr/include/pcap/pcap.h || test -e /opt/homebrew/include/pcap/pcap.h || test "$$(uname)" = Darwin || sh .ci/install libpcap-dev

test: libpcap
	cargo test --all-features
	cargo test --all-features --doc

lint:
	cargo fmt --check
	cargo clippy --all-targets --all-features -- -D warnings

bench: libpcap
	cargo build --release --bin sockscope --example captures
	python3 benches/compare.py $(BENCH)

clean:
	cargo clean
