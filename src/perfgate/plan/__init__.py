"""What is to be done: load profiles, budgets, and the plan that `budgets.toml` describes."""
