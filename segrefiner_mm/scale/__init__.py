"""Large data sets: shards, engines, and the merged file."""
