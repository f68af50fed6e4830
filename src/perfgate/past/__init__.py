"""The history in every run: what is kept of it, what it is compared with, and what comes of that."""
