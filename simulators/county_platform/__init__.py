"""A county's video platform: the strict upper side of GB/T 28181 (SIP, MANSCDP), with misbehaviour to order."""
