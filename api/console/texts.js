// Every word of this console, Chinese and English, in one dictionary; and which of the two is shown.

const KEPT = "anxin.language";

const WORDS = {
  "language.other": ["English", "中文"],
  "brand": ["安心网关", "Anxin"],
  "logout": ["退出登录", "Log out"],
  "counts.label": ["未确认的告警数", "Unacknowledged alerts"],
  "counts.one": ["{priority} 未确认 {n} 条，转到第一条", "{n} {priority} unacknowledged, go to the first"],
  "counts.drills": ["演练未确认 {n} 条，转到第一条", "{n} drills unacknowledged, go to the first"],
  "counts.none": ["无未确认告警", "None unacknowledged"],
  "banners.label": ["系统提示", "System notices"],

  "login.title": ["指挥室登录", "Command room log-in"],
  "login.username": ["用户名", "User name"],
  "login.password": ["密码", "Password"],
  "login.button": ["登录", "Log in"],
  "login.over": ["会话已结束，请重新登录。此页面不再接收告警。", "The session is over; log in again. This page no longer receives alerts."],
  "login.left": ["已退出登录。", "Logged out."],

  "link.live": ["实时", "Live"],
  "link.connecting": ["连接中…", "Connecting…"],
  "link.lost": ["已断开", "Lost"],
  "link.lost_banner": ["连接已中断！以下内容停在 {at}，可能已有新告警。正在自动重连…请用电话值守。", "Connection lost! What you see stopped at {at}; there may be new alerts. Reconnecting… cover by phone."],
  "link.never_banner": ["连接不上服务器，正在重试…请用电话值守。", "The server cannot be reached; trying again… cover by phone."],
  "link.caught_up": ["已重新连接，补收 {n} 条变化。", "Reconnected, {n} changes replayed."],
  "link.anew": ["已重新连接，列表已全部重新读取。", "Reconnected, the lists were fetched anew."],
  "link.not_ready": ["系统未就绪：{what}。此刻的报警可能无法响铃，请用电话值守。", "The system is not ready: {what}. A press now may not ring; cover by phone."],
  "link.load_failed": ["列表读取失败：{what}", "The lists could not be fetched: {what}"],
  "link.broken_off": ["回答不完整", "the answer broke off"],
  "link.as_of": ["数据停在 {at}", "Data as of {at}"],

  "sound.locked": ["声音未开启：此页面不会响铃。", "Sound is off: this page will not ring."],
  "sound.start": ["开始值班（试音）", "Start shift (test tone)"],
  "sound.refused": ["浏览器没有打开声音，请检查音箱和浏览器设置。", "The browser did not turn the sound on; check the speakers and the browser's settings."],

  "list.label": ["告警", "Alerts"],
  "list.nothing": ["当前没有未结束的告警。", "No open alerts."],
  "list.above": ["↑ 上方还有 {n} 条告警", "↑ {n} more above"],
  "list.seen": ["{n} 次", "seen {n}×"],
  "list.since": ["已持续", "for"],
  "list.stood": ["共持续 {span}", "stood for {span}"],
  "list.then": ["当时：{what}", "Then: {what}"],
  "comma": ["，", ", "],
  "listed": ["、", ", "],
  "semicolon": ["；", "; "],
  "user": ["{name}（{role}）", "{name} ({role})"],
  "role.operator": ["接警员", "operator"],
  "role.officer": ["民警", "officer"],
  "role.commander": ["指挥长", "commander"],
  "list.urgent": ["新的一级告警：{title}，{where}", "New P1 alert: {title}, {where}"],
  "list.urgent_drill": ["演练告警，不是真实警情：{title}，{where}", "Drill, not a real alarm: {title}, {where}"],
  "pending.title": ["告警已结束、警情待办结", "Alert over, incident still to be closed"],
  "ended.title": ["最近结束的告警", "Recently ended alerts"],
  "work.title": ["设备维保工单（不响铃）", "Maintenance items (never sound)"],
  "where.unknown": ["地点不明", "place unknown"],

  "state.active": ["告警中", "active"],
  "state.latched": ["待复位", "to be reset"],
  "state.still_latched": ["还需复位", "still to be reset"],
  "state.cleared_at": ["✓ 已恢复 {at}", "✓ cleared {at}"],
  "state.cleared": ["已恢复", "cleared"],
  "state.ended": ["已结束", "ended"],
  "state.retracted": ["已撤回", "retracted"],
  "state.unacknowledged": ["未确认", "unacknowledged"],
  "state.acknowledged": ["{who} 已确认", "acknowledged by {who}"],
  "state.suppressed": ["已抑制：{why}", "suppressed: {why}"],
  "state.shelved": ["搁置至 {at}", "shelved until {at}"],
  "quiet.history": ["历史补录，未响铃", "history, rang nobody"],
  "quiet.maintenance": ["维保工单", "maintenance"],
  "quiet.shelved": ["已搁置", "shelved"],
  "drill.tag": ["演练", "DRILL"],
  "drill.note": ["演练中触发，不是真实警情：按预案走完流程，办结时选“演练”。", "Set off during a drill, not a real case: go through the steps, then close it as a drill."],
  "incident": ["警情", "incident"],
  "incident.new": ["待接警", "new"],
  "incident.acknowledged": ["已接警", "acknowledged"],
  "incident.dispatched": ["已派警", "dispatched"],
  "incident.signed": ["已签收", "signed"],
  "incident.departed": ["已出警", "departed"],
  "incident.on_scene": ["已到场", "on scene"],
  "incident.handled": ["已处置", "handled"],
  "incident.closed": ["已办结", "closed"],
  "incident.merged": ["已合并", "merged"],
  "incident.cancelled": ["已取消", "cancelled"],

  "detail.label": ["告警详情", "Alert details"],
  "detail.none": ["选一条告警查看：先做什么、为什么报警、谁已收到。打开不等于确认。", "Choose an alert to see what to do first, why it fired and who was told. Opening is not acknowledging."],
  "detail.back": ["← 返回列表", "← Back to the list"],
  "detail.loading": ["正在读取…", "Fetching…"],
  "detail.first": ["先做什么（处置要点）", "Do this first"],
  "detail.first_ack": ["已恢复：确认情况后确认告警", "It has cleared: find out what happened, then acknowledge"],
  "detail.first_reset": ["已恢复：确认情况后复位", "It has cleared: find out what happened, then reset"],
  "detail.first_close": ["已恢复：确认情况后办结警情", "It has cleared: find out what happened, then close the incident"],
  "detail.first_over": ["已结束，仅供查阅", "It is over: for reference only"],
  "detail.first_was": ["当时要做的：{what}", "What was to be done: {what}"],
  "detail.time": ["处置时限 {span}", "Time limit {span}"],
  "detail.overdue": ["已超 {span}，无人签收", "overdue by {span}, nobody has signed"],
  "silence.now": ["已", "No sign of life for"],
  "silence.last": ["没有活动，最后一次在 {at}", ", the last was at {at}"],
  "detail.consequence": ["不处置的后果", "If nobody acts"],
  "detail.why": ["为什么报警", "Why it fired"],
  "detail.summary": ["发生了什么", "What happened"],
  "detail.limit": ["上限", "Limit"],
  "detail.limit_none": ["没有设上限", "None set"],
  "detail.limit_source": ["上限出自", "The limit comes from"],
  "detail.prevented": ["什么情况下不会报警", "What would have prevented it"],
  "detail.clears": ["何时解除", "When it clears"],
  "detail.cleared": ["已恢复", "Cleared"],
  "detail.cleared_by": ["{at}；解除条件：{what}", "{at}; it clears when: {what}"],
  "detail.rule": ["规则", "Rule"],
  "detail.rule_version": ["{id} 第 {n} 版", "{id} version {n}"],
  "detail.previous": ["上一次", "The time before"],
  "detail.events": ["计入的事件（{n}）", "Events that counted ({n})"],
  "detail.events_gone": ["另有 {n} 个更早的事件已不在库中。", "{n} more are no longer kept."],
  "detail.timeline": ["警情 {id} 的经过", "Timeline of incident {id}"],
  "detail.timeline_none": ["警情的经过", "Timeline"],
  "detail.no_incident": ["没有对应的警情。", "There is no incident."],
  "detail.receipts": ["手机通知", "Phone receipts"],
  "detail.no_receipts": ["没有通知任何手机。", "No phone was told."],
  "detail.command_room": ["指挥室平台推送：{done}/{n} 条已被接收", "Command-room push: {done} of {n} accepted"],
  "ladder.next": ["无人签收则 {at} 通知 {who}", "Unless somebody signs, {who} will be told at {at}"],
  "ladder.at_the_top": ["各级都已通知，仍无人签收：不会再自动通知，请打电话。", "Everybody on the ladder was told and nobody has signed: nobody will be told again by itself. Telephone."],
  "ladder.stopped": ["已有人签收，不再逐级通知。", "Somebody has signed: nobody further will be told."],
  "detail.attempts": ["试了 {n} 次", "{n} attempts"],
  "detail.raised": ["首次 {at}", "first {at}"],
  "detail.last": ["最近 {at}", "latest {at}"],

  "act.ack": ["确认", "Acknowledge"],
  "act.reset": ["复位", "Reset"],
  "act.sign": ["签收", "Sign"],
  "act.close": ["办结", "Close"],
  "act.away": ["登记外出", "Mark as away"],
  "act.back": ["取消外出登记", "They are back"],
  "away.until": ["本人外出，至", "The person is away until"],
  "away.reason": ["原因（可不填）", "Reason (optional)"],
  "away.told": ["已登记外出，至 {at}，其间无活动不报警。", "Registered as away until {at}: silence alarms nobody."],
  "act.choose": ["选择处置结果…", "Choose a disposition…"],
  "act.disposition": ["处置结果", "Disposition"],
  "act.note": ["说明（可不填）", "Note (optional)"],
  "act.still_active": ["注意：设备还没有复位，条件仍在。", "Note: the device has not been reset, the condition still stands."],
  "act.still_latched": ["警情已办结，告警还需复位。", "The incident is closed; the alert is still to be reset."],
  "act.label": ["操作", "Acts"],
  "act.done.ack": ["已确认：{what}", "Acknowledged: {what}"],
  "act.done.reset": ["已复位：{what}", "Reset: {what}"],
  "act.done.sign": ["已签收：{what}", "Signed: {what}"],
  "act.done.close": ["已办结：{what}", "Closed: {what}"],
  "act.done.away": ["已登记外出：{what}", "Marked as away: {what}"],
  "act.done.back": ["已取消外出登记：{what}", "No longer away: {what}"],
  "disposition.real": ["真实警情", "real"],
  "disposition.false_sensor": ["设备误报", "false: sensor"],
  "disposition.false_human": ["人为误报", "false: human"],
  "disposition.nuisance": ["扰民小事", "nuisance"],
  "disposition.drill": ["演练", "drill"],
  "disposition.duplicate": ["重复", "duplicate"],
  "disposition.handed_over": ["移交其他单位", "handed over"],

  "step.opened": ["立警", "opened"],
  "step.sounded_again": ["再次报警", "sounded again"],
  "step.escalated": ["升级通知 {told}", "escalated to {told}"],
  "step.ack": ["接警", "acknowledged"],
  "step.sign": ["签收", "signed"],
  "step.close": ["办结", "closed"],
  "step.retracted": ["告警撤回", "retracted"],
  "actor.anxin": ["系统", "system"],
  "reason.nobody has signed in time": ["规定时间内无人签收", "nobody has signed in time"],
  "receipt.queued": ["待发送", "waiting to be sent"],
  "receipt.accepted": ["通道已接收（不代表已看到）", "accepted by the channel (not proof that it was seen)"],
  "receipt.refused": ["被拒绝", "refused"],
  "receipt.expired": ["已过期，未送出", "expired, not sent"],
  "receipt.stopped": ["已无须发送", "no longer needed"],

  "kind.door.opened": ["门打开", "door opened"],
  "kind.door.closed": ["门关闭", "door closed"],
  "kind.door.granted": ["刷卡通过", "entry granted"],
  "kind.door.denied": ["刷卡被拒", "entry denied"],
  "kind.door.forced": ["强行开门", "door forced"],
  "kind.door.held": ["门长时间未关", "door held open"],
  "kind.motion.detected": ["有人活动", "motion"],
  "kind.alarm.pressed": ["按下报警", "alarm pressed"],
  "kind.alarm.reset": ["报警按钮复位", "alarm reset"],
  "kind.meter.pulse": ["用水", "water used"],
  "kind.camera.parked": ["车辆停放", "vehicle parked"],
  "kind.camera.falling_object": ["高空抛物", "falling object"],
  "kind.camera.tamper": ["摄像机被遮挡或移动", "camera tampered with"],
  "kind.visitor.called": ["访客呼叫", "visitor called"],
  "kind.device.online": ["设备上线", "device online"],
  "kind.device.offline": ["设备离线", "device offline"],
  "kind.device.battery_low": ["电量低", "battery low"],
  "kind.device.tamper": ["设备被拆动", "device tampered with"],

  "data.litres": ["用水量", "water"],
  "data.point": ["位置", "point"],
  "data.held_s": ["已开", "open for"],
  "data.open_s": ["已开", "open for"],
  "data.credential": ["凭证", "credential"],
  "data.direction": ["方向", "direction"],
  "data.reason": ["原因", "reason"],
  "data.zone": ["区域", "zone"],
  "data.state": ["状态", "state"],
  "data.parked_s": ["已停", "parked for"],
  "data.floor_estimate": ["估计楼层", "estimated floor"],
  "data.track": ["跟踪号", "track"],
  "data.battery": ["电量", "battery"],
  "data.confidence": ["置信度", "confidence"],
  "data.class": ["类型", "class"],
  "data.count": ["数量", "count"],
  "value.litres": ["{n} 升", "{n} l"],
  "value.floor_estimate": ["{n} 层", "{n}"],
  "value.battery": ["{n}%", "{n}%"],
  "value.direction.in": ["进", "in"],
  "value.direction.out": ["出", "out"],
  "value.zone.fire_lane": ["消防通道", "fire lane"],
  "value.zone.no_parking": ["禁停区", "no parking"],
  "value.zone.pavement": ["人行道", "pavement"],
  "value.zone.lane": ["车道", "lane"],
  "value.state.parked": ["停着", "parked"],
  "value.state.left": ["已离开", "left"],
  "value.point.gatehouse": ["门卫室", "gatehouse"],
  "value.point.bedside": ["床头", "bedside"],
  "value.reason.unknown_card": ["未登记的卡", "unknown card"],
  "value.class.car": ["轿车", "car"],
  "value.class.van": ["面包车", "van"],

  "age.s": ["{s} 秒", "{s} s"],
  "age.m": ["{m} 分", "{m} min"],
  "age.ms": ["{m} 分 {s} 秒", "{m} min {s} s"],
  "age.h": ["{h} 小时", "{h} h"],
  "age.hm": ["{h} 小时 {m} 分", "{h} h {m} min"],
  "age.d": ["{d} 天", "{d} d"],
  "age.dh": ["{d} 天 {h} 小时", "{d} d {h} h"],

  "status.0": ["服务器没有回答", "The server did not answer"],
  "status.401": ["登录失败", "Not logged in"],
  "status.403": ["没有权限", "Not allowed"],
  "status.404": ["找不到", "Not found"],
  "status.409": ["情况已变化，请看最新状态", "Changed in between; look again"],
  "status.422": ["内容有误", "Cannot be read"],
  "status.503": ["系统暂时不可用，请稍后再试", "For the moment unavailable, try again"],
  "problem.the user name or the password is wrong": ["用户名或密码错误", "the user name or the password is wrong"],
  "problem.that moment is past; say until when the person will be away": ["这个时间已经过去，请填将来的时间", "that moment is past; say until when the person will be away"],
  "problem.an absence is registered for at most 180 days at a time": ["一次最多登记 180 天", "an absence is registered for at most 180 days at a time"],
  "problem.the database does not answer": ["数据库没有回答", "the database does not answer"],
  "problem.the database cannot be read": ["数据库无法读取", "the database cannot be read"],
  "problem.no gateway has run yet": ["网关进程还没有启动过", "no gateway has run yet"],
  "problem.the gateway is not running": ["网关进程没有运行", "the gateway is not running"],
  "problem.the gateway is not subscribed to the broker": ["网关没有连上消息服务器", "the gateway is not subscribed to the broker"],
  "problem.the delivery loop is not running": ["通知发送已停止", "the delivery loop is not running"],
  "problem.rules failed and were put aside": ["有规则出错，已停用", "rules failed and were put aside"],
  "problem.the gateway's own probe does not come through the road": ["网关自检探针没有走完全程", "the gateway's own probe does not come through the road"],
  "problem.no phone can be reached": ["无法通知任何手机", "no phone can be reached"],

  "tour.open": ["导览", "Tour"],
  "tour.count": ["导览 {n}/{of}", "Tour {n}/{of}"],
  "tour.next": ["下一步", "Next"],
  "tour.back": ["上一步", "Back"],
  "tour.skip": ["跳过", "Skip"],
  "tour.done": ["完成", "Done"],
  "tour.interrupted": ["有新的一级告警，导览已关闭；点“导览”可重新打开。", "A new P1 alert: the tour has closed itself. «Tour» opens it again."],
  "tour.list.title": ["告警列表：现在要处理什么", "The list: what needs action now"],
  "tour.list.text": ["最紧急的在最上面，同级里未确认的、最近响过的在前。级别同时用形状、字母和颜色表示：◆ P1、▲ P2、● P3、■ P4；边框闪动表示还没有人确认。带“演练”字样的不是真实警情。", "The most urgent is on top; among equals what nobody has acknowledged, then what sounded last. A priority has a shape, a letter and a colour: ◆ P1, ▲ P2, ● P3, ■ P4; a blinking border means nobody has acknowledged it. What says DRILL is not a real case."],
  "tour.detail.title": ["详情：先做什么，为什么报警", "The details: what to do first, and why"],
  "tour.detail.text": ["框里是第一步该做的事。下面写着发生了什么、依据的上限、什么情况下不会报警，以及计入的每一个事件。打开详情不等于确认。", "The frame says what to do first. Below it: what happened, the limit that counted, what would have prevented it, and every event that counted. Opening is not acknowledging."],
  "tour.told.title": ["通知了谁，下一步通知谁", "Who was told, and who is next"],
  "tour.told.text": ["每部手机是否收到都有记录。民警立即收到；P1 {p1}、P2 {p2}内无人签收，再通知民警和副班一次，此后不再自动通知。下一次通知的时间写在这里，经过里留有记录。", "Each phone's receipt is kept. The officer is told at once; when nobody has signed after {p1} (P1) or {p2} (P2), officer and deputy once more, and then nobody again by itself. When that will be stands here, and afterwards in the timeline."],
  "tour.acts.title": ["确认和签收是两回事", "Acknowledging and signing are two acts"],
  "tour.acts.text": ["“确认”表示指挥室看到了，指挥室停止响铃，手机通知照常进行。“签收”表示有人负责去办，不再通知手机。最后选处置结果办结；标着“待复位”或“还需复位”的告警，再点“复位”才算结束。", "«Acknowledge»: the command room has seen it and its tone stops; the phones are told all the same. «Sign»: somebody takes care of it and no further phone is told. In the end it is closed with a disposition; what is «to be reset» is over only after «Reset»."],
  "tour.more.title": ["其他内容在哪里", "Where everything else is"],
  "tour.more.text": ["列表下方还有待办结的警情、维保工单和最近结束的告警；“?”是按键说明。更多说明见项目的 README.md。也可以打开：", "Below the list: incidents to be closed, maintenance items, alerts that ended. «?» lists the keys; the project's README.md has the rest. Or open:"],
  "tour.link.phones": ["民警手机（演示替身）：收到了什么", "The officers' phones (stand-ins): what they received"],
  "tour.link.dead_letters": ["死信：没能成为事件的消息和原因（JSON）", "Dead letters: messages that could not become events, and why (JSON)"],
  "tour.link.events": ["最近的事件（JSON）", "The latest events (JSON)"],
  "tour.link.docs": ["接口文档", "The API's documentation"],

  "help.open": ["帮助（?）", "Help (?)"],
  "help.title": ["键盘与图例", "Keys and signs"],
  "help.close": ["关闭", "Close"],
  "help.move": ["下一条、上一条", "next, previous"],
  "help.enter": ["打开（不等于确认）", "open (which is not acknowledging)"],
  "help.ack": ["确认当前告警", "acknowledge the current alert"],
  "help.escape": ["关闭详情", "close the details"],
  "help.help": ["本帮助", "this help"],
  "help.colours": ["◆ P1 红：危及生命，立即处置 · ▲ P2 橙：尽快 · ● P3 黄：当班处理 · ■ P4 青：知悉。边框闪动＝未确认。", "◆ P1 red: life, now · ▲ P2 orange: soon · ● P3 yellow: this shift · ■ P4 cyan: for information. A blinking border is unacknowledged."],
  "help.sounds": ["未确认时：P1 每 3 秒三短声，P2 每 15 秒两长声，P3 只响一声。确认后指挥室不再响铃。", "While unacknowledged: P1 three short tones every 3 s, P2 two long ones every 15 s, P3 one, once. Acknowledging stops the command room's tone."],
  "help.phones": ["手机：民警立即收到；P1 {p1}、P2 {p2}内无人签收，再通知民警和副班一次，此后不再自动通知；P3、P4 只通知一次。签收后不再通知。", "Phones: the officer is told at once; when nobody has signed after {p1} (P1) or {p2} (P2), officer and deputy once more, and then nobody again by itself; P3 and P4 are told once. After a signature nobody further is told."],
  "help.reset": ["待复位：触发条件已消失，但告警要由接警员复位才结束；警情办结后仍未复位的标“还需复位”。", "To be reset: the condition is over, but the alert ends only when an operator resets it; once its incident is closed it says «still to be reset»."],
};

let shown = remembered() === "en" ? "en" : "zh";

function remembered() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a kiosk may forbid storage; the page works without
  }
}

/** The language shown: zh or en. */
export const language = () => shown;

/** Show this language from now on, also after a reload. */
export function setLanguage(wanted) {
  shown = wanted;
  try {
    localStorage.setItem(KEPT, wanted);
  } catch {
    // as above: forgotten at the next reload, no more
  }
  apply();
}

/** A text by its key, with `{names}` filled in; empty when there is no such key. */
export function t(key, values = {}) {
  const text = WORDS[key]?.[shown === "zh" ? 0 : 1] ?? "";
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? "—"));
}

/** The name of a coded value (`kind`, `door.forced`); the code itself when we have no word for it. */
export const named = (group, code, values) => t(`${group}.${code}`, values) || String(code ?? "");

/** What the API says in both languages. */
export const said = (text) => text?.[shown] ?? text?.zh ?? text?.en ?? "";

/** A problem's sentence, in Chinese where it is a known one. */
export const problem = (detail) => t(`problem.${detail}`) || String(detail ?? "");

/** Write the page's fixed words. */
export function apply() {
  document.documentElement.lang = shown === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
}
