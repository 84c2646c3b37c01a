"""The detector's weights, made once at set-up: fetched, converted to ONNX, quantised, checked (docs/cameras.md)."""
