"""Stand-in for camera hardware: rendered scenes with ground truth, films of them, and a camera that serves them."""
