"""How the town lives: a pure function of site, seed and time. Its door is `simulators.life.plan`."""
