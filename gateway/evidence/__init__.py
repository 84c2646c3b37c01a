"""Evidence: what counted is frozen, hashed and chained, leaves the house in a bundle, and is proved without us."""
