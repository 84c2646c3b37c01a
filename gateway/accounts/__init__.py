"""People's accounts: second factors, who has one, passwords, sessions."""
