"""Solutions whose steps are labelled."""
