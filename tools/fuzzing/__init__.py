"""What ``tools/fuzz.py`` consists of."""
