"""Video that a platform beside us has: where it is played from, and a picture of now. No media comes through here."""
