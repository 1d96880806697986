"""Code shared by several methods that no paper prints."""
