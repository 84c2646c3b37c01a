"""An app of one's own and community screens, over the station's broker."""
