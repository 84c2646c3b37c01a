"""Where the gateway's messages end up: phones and the command room, with faults to order."""
