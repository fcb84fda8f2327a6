"""Runs over files of predictions, such as COCO results."""
