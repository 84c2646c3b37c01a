"""What the judge calls things, in both languages; a word that is not here is said as it stands in the scenario."""

from simulators.scenario.finding import Text
from simulators.scenario.span import Language

STREAMS: dict[str, Text] = {
    "alert": {"zh": "告警", "en": "alert"},
    "work_item": {"zh": "维保工单", "en": "work item"},
}
HOW: dict[str, Text] = {
    "cleared": {"zh": "解除", "en": "cleared"},
    "retracted": {"zh": "撤回", "en": "retracted"},
    "either": {"zh": "解除或撤回", "en": "cleared or retracted"},
}
_CHINESE = {
    "begin": "开始",
    "officer": "值班民警",
    "commander": "指挥长",
    "grid_worker": "网格员",
    "operator": "接警员",
    "phone": "手机",
    "command_room": "指挥室",
}


def word(name: str, language: Language) -> str:
    """A role, a channel or the scenario's beginning, for people."""
    return _CHINESE.get(name, name) if language == "zh" else name


def since(step: str) -> str:
    """From a step on, in Chinese."""
    return f"{_CHINESE[step]}之后" if step in _CHINESE else f"{step} 之后"


def whom(role: str | None, channel: str, language: Language) -> str:
    """Somebody on a channel."""
    if language == "zh":
        return f"{word(role, 'zh') if role else '任何人'}（{word(channel, 'zh')}）"
    return f"{role or 'anybody'} ({channel})"
