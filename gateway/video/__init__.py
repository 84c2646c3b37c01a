"""Video of cameras near an alert that platforms beside us have: who may look, and what is kept of it."""
