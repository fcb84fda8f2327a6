"""What a run tells its user: progress, problems, and the result."""
