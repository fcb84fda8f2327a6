"""Runs over many files: jobs, tasks, and journals by which they resume."""
