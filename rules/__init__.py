"""The judgement: pure rules, their definitions, their tests. No clock, database, network or randomness."""
