"""What the API answers, said for machines: one module a noun, read by nobody but the OpenAPI document."""
