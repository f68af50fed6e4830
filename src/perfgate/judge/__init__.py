"""What it means: pure functions from a summary and budgets to checks and one verdict."""
