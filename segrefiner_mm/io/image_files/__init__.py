"""Reading of image and video files: lookup, size, rotation, bit depth."""
