"""Hostile inputs: how they are made, and how commands are watched."""
