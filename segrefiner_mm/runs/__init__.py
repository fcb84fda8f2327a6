"""Long runs: jobs, tasks, and journals that let a stopped run resume."""
