# Filled with the QEMU bench.
