"""Encodings of masks in data files: run lengths and polygons."""
