"""What Alibaba Cloud's text messages and voice calls share: signature, answer, codes, reports."""
