"""What the benchmarks share: servers that they start, peers that they run beside perfgate, and the table of goals."""
