"""Data sets that outgrow a machine: shards, engines, and the merged file."""
