"""Reads result files of other tools."""
