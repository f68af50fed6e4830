"""The gate inside pytest."""
