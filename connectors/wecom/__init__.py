"""WeCom (企业微信): messages of one's own application to named members."""
