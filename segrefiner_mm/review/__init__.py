"""The review page: coarse and refined masks side by side, and decisions."""
