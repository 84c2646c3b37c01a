"""GB/T 28181: our gateway as a lower platform (下级平台) of the county video platform (雪亮工程)."""
