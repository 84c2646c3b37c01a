"""What a look may find: how it is called, what is done first, how urgent the work item is. None of them ever sounds."""

from __future__ import annotations

import msgspec

from gateway.model.judgement import Priority
from gateway.model.patrol import Code


class Finding(msgspec.Struct, frozen=True):
    """The work item of a code; `rule` stands where a rule's id does."""

    rule: str
    priority: Priority
    title: dict[str, str]
    first_action: dict[str, str]


FINDINGS: dict[Code, Finding] = {
    "fire_exit_blocked": Finding(
        "patrol-fire-exit",
        "P3",
        {"zh": "网上巡查：消防通道堵塞", "en": "Online patrol: a fire exit is blocked"},
        {
            "zh": "联系场所负责人立即清通，拍照反馈；不配合的通知消防部门",
            "en": "Have whoever runs the place clear it now and send a picture; tell the fire service if they do not",
        },
    ),
    "hazard": Finding(
        "patrol-hazard",
        "P3",
        {"zh": "网上巡查：安全隐患", "en": "Online patrol: a hazard"},
        {
            "zh": "通知场所负责人整改，约定复查时间",
            "en": "Have whoever runs the place mend it, and say when you look again",
        },
    ),
    "camera_blind": Finding(
        "patrol-camera",
        "P4",
        {"zh": "网上巡查：摄像机被移动或看不清", "en": "Online patrol: a camera was moved or sees nothing"},
        {"zh": "通知维保调整或清洁摄像机", "en": "Have maintenance turn or clean the camera"},
    ),
    "crowd": Finding(
        "patrol-crowd",
        "P3",
        {"zh": "网上巡查：人员聚集", "en": "Online patrol: a crowd"},
        {
            "zh": "继续观察；有冲突苗头的，立即开警情派人",
            "en": "Keep looking; at the first sign of a quarrel open an incident and send somebody",
        },
    ),
    "other": Finding(
        "patrol-other",
        "P4",
        {"zh": "网上巡查：其他问题", "en": "Online patrol: something else"},
        {"zh": "查看巡查备注后处理", "en": "Read the note of the round and deal with it"},
    ),
}
#: The work items that end when somebody says what was done.
RULES = frozenset(one.rule for one in FINDINGS.values())
