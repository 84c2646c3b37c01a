"""Stand-ins for the hardware around the gateway: a town of devices, phones, a command room, and load.

They speak wire protocols (MQTT 3.1.1, HTTP) and import nothing of the gateway's, so that what they prove
about it is proved from outside, and so that any of them can be swapped for the real thing.
"""
