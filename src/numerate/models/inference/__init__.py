"""Forward passes that sample, and their caches of keys and values."""
