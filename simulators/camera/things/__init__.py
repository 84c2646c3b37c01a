"""What stands, moves and shines in a scene, and the lens it is seen through."""
