"""`perfgate init`: looks at a service or a document, and writes a `budgets.toml` and a scenario for it."""

from perfgate.scaffold.project import InitOptions, InitReport, Measure, init

__all__ = ["InitOptions", "InitReport", "Measure", "init"]
