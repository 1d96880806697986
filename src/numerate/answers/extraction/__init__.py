"""Locates the final answer in a response."""
