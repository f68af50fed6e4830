"""Telling GitHub: the comment, the check run, the commit status, the job's summary and annotations."""
