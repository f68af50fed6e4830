"""Paired comparisons: two sides side by side on this machine, block after block."""
