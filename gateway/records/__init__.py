"""The officers' record: where they were, whom they looked in on, what came of it."""
