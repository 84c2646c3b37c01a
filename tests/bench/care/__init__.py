"""Signs of life: how many false alarms, how long until somebody comes; side by side on the same homes."""
