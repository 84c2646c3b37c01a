"""The county's side: what its operator enters for us, and the codes of our devices, as a page to hand over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.gat1400.config import ViidConfig
from connectors.gb28181.catalogue import Branch, Entry
from connectors.gb28181.config import LinkConfig
from gateway.county import codes as code_book
from gateway.county.config import CountyConfig
from gateway.county.shown import address, entries
from gateway.model.registry import Registry

ALARMS = {
    "auto": "有报警订阅时走订阅（NOTIFY），否则走 MESSAGE", "message": "MESSAGE", "notify": "报警订阅（NOTIFY）",
    "both": "MESSAGE 与 NOTIFY 同时",
}  # fmt: skip
TREES = {
    "flat": "平铺：通道直接挂在网关下", "civil": "行政区划", "group": "业务分组（215）与虚拟组织（216）",
}  # fmt: skip


def sheet(config: CountyConfig, registry: Registry, known: Mapping[str, str]) -> Iterator[str]:
    """Give the page's lines (Markdown, Chinese). Codes that nobody has yet are those that the next start gives."""
    codes = {**known, **code_book.missing(registry, config.codes, known, grouped=config.is_grouped)}
    yield f"# 安心网关接入登记表：{registry.station.name}"
    for link in config.links:
        yield from _link(link)
        yield from _branches(link, entries(registry, config, link, codes, {}))
    for one in config.viid:
        yield from _viid(one)
    yield ""
    yield "## 目录：报警输入通道"
    yield ""
    yield "| 国标编码 | 名称 | 安装位置 | 经度 | 纬度 |"
    yield "| --- | --- | --- | --- | --- |"
    for device in sorted(registry.devices.values(), key=lambda one: codes.get(one.id, "")):
        if device.id not in codes:
            continue
        place = registry.places.get(device.place)
        lon, lat = (f"{one:.6f}" if one is not None else "" for one in (place.lon, place.lat)) if place else ("", "")
        yield f"| {codes[device.id]} | {device.name} | {address(registry, device.place)} | {lon} | {lat} |"
    yield ""
    yield "## 请平台侧确认"
    yield ""
    yield "1. 先建设备（或下级平台），再让网关注册；注册后点一次“同步通道”，通道数应与上表一致。"
    yield "2. 打开“保存报警”，或对本设备发起报警订阅；二者都没有时，报警会被平台应答后丢弃。"
    yield "3. 打开目录订阅，设备上下线才会实时反映。"
    yield "4. 不需要布防（SetGuard）即上报；一键报警任何时候都上报。"
    yield "5. 本网关不提供音视频：对任何通道的点播回 488。"


def _branches(link: LinkConfig, shown: Sequence[Entry]) -> Iterator[str]:
    if link.tree == "flat":
        return
    yield ""
    yield f"### 链路 {link.name} 的目录节点"
    yield ""
    yield "| 编码 | 名称 | 上级 |"
    yield "| --- | --- | --- |"
    for one in shown:
        if isinstance(one, Branch):
            yield f"| {one.code} | {one.name} | {one.parent or one.group} |"


def _viid(link: ViidConfig) -> Iterator[str]:
    way = "直接推送图像（Images）、机动车（MotorVehicles）" if link.mode == "direct" else "由上级订阅（3、4、13、16）"
    yield ""
    yield f"## 视图库链路 {link.name}（GA/T 1400）"
    yield ""
    yield "| 项目 | 值 |"
    yield "| --- | --- |"
    for name, value in (
        ("本级视图库编码（设备 ID）", link.device_id), ("注册用户名", link.username or link.device_id),
        ("密码", "另行告知"), ("上级视图库编码", link.server_id), ("上级视图库地址", link.url),
        ("方式", way), ("本级订阅接收地址", f"{link.listen}（填本机对上级可达的地址）" if link.listen else "无"),
        ("心跳", f"{link.keepalive_s:g} 秒 × {link.keepalive_misses} 次"), ("图像来源", link.image_source),
        ("不提供", "人员、人脸、非机动车、布控；机动车不含车牌"),
    ):  # fmt: skip
        yield f"| {name} | {value} |"


def _link(link: LinkConfig) -> Iterator[str]:
    charset = "GB2312（实际按 GB18030 编码）" if link.edition == "2016" else "GB18030"
    yield ""
    yield f"## 链路 {link.name}"
    yield ""
    yield "| 项目 | 值 |"
    yield "| --- | --- |"
    for name, value in (
        ("网关国标编码（设备 ID）", link.device_id), ("注册用户名", link.username or link.device_id),
        ("密码", "另行告知"), ("上级平台编码 / 域", f"{link.server_id} / {link.domain}"), ("上级平台地址", link.server),
        ("传输", link.transport.upper()), ("网关地址", link.advertised or link.listen),
        ("版本", f"GB/T 28181-{link.edition}"), ("字符集", charset),
        ("注册有效期", f"{link.expires_s} 秒"), ("心跳", f"{link.keepalive_s:g} 秒 × {link.keepalive_misses} 次"),
        ("目录结构", TREES[link.tree]), ("坐标系", "WGS-84"), ("报警上报", ALARMS[link.alarm_delivery]),
    ):  # fmt: skip
        yield f"| {name} | {value} |"
