"""What people do about alerts: the acts that move an incident, each one transaction that leaves its mark."""
