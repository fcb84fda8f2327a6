"""Refinement for other programs: an HTTP server, labelling tools, a demo."""
