"""Online patrol: routes, when they are due, rounds and what they find."""
