"""Runs over the frames of a video."""
