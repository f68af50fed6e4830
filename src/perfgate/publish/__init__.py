"""Telling the world: the result as files."""
