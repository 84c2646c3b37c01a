// Footprints: visits, patrols, looks and positions.

export default {
  "page.footprints": ["走访巡逻", "Footprints"],
  "footprints.audited": ["查看他人的足迹会记入审计。精确位置保存 90 天。", "Looking at those of others stands in the audit trail. Exact positions are kept for 90 days."],
  "footprints.mine_note": ["只有本人和指挥长能看到。精确位置保存 90 天。", "Only you and a commander see these. Exact positions are kept for 90 days."],
  "footprints.whose": ["谁的", "Whose"],
  "footprints.mine": ["本人", "mine"],
  "footprints.kind_title": ["类别", "Kind"],
  "footprints.kind.visit": ["走访", "visit"],
  "footprints.kind.patrol": ["巡逻", "patrol"],
  "footprints.kind.look": ["网上巡查", "look"],
  "footprints.kind.position": ["位置", "position"],
  "footprints.when": ["时间", "When"],
  "footprints.where": ["地点", "Where"],
  "footprints.whom": ["对象", "Whom"],
  "footprints.remark": ["备注", "Note"],
  "footprints.none": ["这段时间没有足迹。", "No footprints in this time."],
} as const;
