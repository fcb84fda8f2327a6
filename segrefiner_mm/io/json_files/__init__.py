"""Reading of JSON files of any origin and size."""
