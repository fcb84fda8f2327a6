"""Reading of JSON of any origin and size."""
