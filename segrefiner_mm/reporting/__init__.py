"""The output of a run for its user: progress, problems, and the result."""
