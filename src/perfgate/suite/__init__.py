"""The gate inside pytest: budgets files as test items, and a fixture; `perfgate.pytest_plugin` hooks it in."""
