"""Driving load: the engine runs Locust in a child process; the driver speaks with it from the parent."""
