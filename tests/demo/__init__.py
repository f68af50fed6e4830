"""Tests of perfgate.demo."""
