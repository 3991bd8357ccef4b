"""The rules of the study group, by their numbers."""
