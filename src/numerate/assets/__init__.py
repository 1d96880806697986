"""Package assets: the bundled model, and the script that made it."""
