"""The history: what is kept, where, and what a run is compared with."""
