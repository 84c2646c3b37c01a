"""kill -9 by seed, judged by ledger."""
