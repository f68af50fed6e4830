"""The history of runs: where it is kept, and which of its runs a run is compared with."""
