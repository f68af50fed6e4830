"""The history: what is kept of earlier runs, where it is kept, and which of them a run is compared with."""
