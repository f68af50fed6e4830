"""Tests of perfgate.target."""
