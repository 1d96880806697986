"""From normal text to an expression tree."""
