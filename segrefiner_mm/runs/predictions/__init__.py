"""Runs over files of predictions: COCO, panoptic and others."""
