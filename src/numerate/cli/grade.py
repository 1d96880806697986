"""numerate grade: verdicts on answers that somebody else's model gave."""
