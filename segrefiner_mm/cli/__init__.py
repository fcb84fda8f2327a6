"""Commands: options, exit statuses, and one file per command."""
