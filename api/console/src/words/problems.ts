// What went wrong, in words.

export default {
  "status.0": ["服务器没有回答", "The server did not answer"],
  "status.401": ["登录失败", "Not logged in"],
  "status.403": ["没有权限", "Not allowed"],
  "status.404": ["找不到", "Not found"],
  "status.409": ["情况已变化，请看最新状态", "Changed in between; look again"],
  "status.422": ["内容有误", "Cannot be read"],
  "status.503": ["系统暂时不可用，请稍后再试", "For the moment unavailable, try again"],
} as const;
