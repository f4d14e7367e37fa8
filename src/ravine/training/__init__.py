"""The compiled run: what trains, stops and records."""
