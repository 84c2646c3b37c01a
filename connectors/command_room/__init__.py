"""The station's command room: each change as a signed CloudEvent."""
