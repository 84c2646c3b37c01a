"""Browsers and installed web apps, over the push service of each browser's maker."""
