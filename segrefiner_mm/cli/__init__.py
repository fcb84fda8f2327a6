"""The commands: options, exit statuses, and one module per command."""
