"""The entry rules on the card log of the VAST Challenge 2016: what would have fired."""
