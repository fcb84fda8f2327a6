"""The prediction files of other tools, one format per module."""
