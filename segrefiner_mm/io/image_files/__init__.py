"""Reading of image and video files, by one rule each."""
