"""Long work: jobs, tasks, and journals that let a stopped run go on."""
