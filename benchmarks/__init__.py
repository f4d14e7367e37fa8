"""Ravine beside its peers: what is measured, how the turns are taken, and the report."""
