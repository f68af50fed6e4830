"""What was seen: histograms, the journal on disk, and the summary a journal reduces to."""
