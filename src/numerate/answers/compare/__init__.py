"""Comparison of two expressions or structures."""
