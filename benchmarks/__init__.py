"""How fast the parts are, beside the tools that people use today: python -m benchmarks.NAME --help."""
