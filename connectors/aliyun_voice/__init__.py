"""Voice calls over Alibaba Cloud."""
