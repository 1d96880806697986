"""Text of answers: normal forms, units, words for numbers, currencies."""
