"""A media platform as counties run them (WVP's HTTP interface), with a real HLS stream and misbehaviour to order."""
