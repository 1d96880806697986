"""What ships inside the package: the bundled model, and the script that made it."""
