"""Text messages over Alibaba Cloud."""
