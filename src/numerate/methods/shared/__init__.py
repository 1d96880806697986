"""What several methods share and no paper prints."""
