"""Encodings of a mask in data files: runs, polygons, and their checks."""
