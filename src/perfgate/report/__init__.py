"""A result as text: every renderer is pure, and decides nothing."""
