"""What people and alerts ask of cameras: stills while somebody watches, clips of what others said at their place."""
