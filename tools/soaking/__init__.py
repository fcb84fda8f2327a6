"""What ``tools/soak.py`` consists of."""
