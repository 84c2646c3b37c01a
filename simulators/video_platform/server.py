"""WVP's HTTP interface on loopback, answering as its public source does: `{code, msg, data}`, mostly with 200."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from simulators.video_platform import film

#: What is answered to whoever is logged in. `silent`: the camera answers no signal; `hang`: no answer for a minute.
Mode = Literal["well", "offline", "silent", "slow", "full", "none", "no_picture", "garbage", "huge", "broken", "hang"]
_REFUSED = {
    "offline": (100, "设备离线"), "silent": (-1, "信令超时"), "slow": (100, "点播超时"), "full": (-3, "资源耗尽"),
}  # fmt: skip
_POLL_S, _HANG_S = 0.05, 60.0
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")
_TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".mp4": "video/mp4", ".m4s": "video/iso.segment"}
_HUGE = 16 * 1024 * 1024


class VideoPlatform:
    """One platform with one camera, on a thread of its own; a context manager. `port` is the real one.

    `mode` is how it answers, to be changed at will. `asked` has what was asked: path and query's values, no log-ins.
    """

    def __init__(self, username: str, password: str, device: str, channel: str, *, port: int = 0) -> None:
        self.username, self.password, self.device, self.channel = username, password, device, channel
        self.api_key = secrets.token_hex(8)
        self.mode: Mode = "well"
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.log_ins = 0
        self.tokens: set[str] = set()
        self.pictures: set[str] = set()
        self.ending = threading.Event()
        self._made = tempfile.TemporaryDirectory(prefix="video-platform-")
        self.folder = Path(self._made.name)

        class Handler(_Handler):
            platform = self

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="video", daemon=True)

    def __enter__(self) -> Self:
        film.write_hls(self.folder)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._made.cleanup()

    def stop(self) -> None:
        """End: nobody is connected any more, and nobody can be."""
        self.ending.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def forget_tokens(self) -> None:
        """Let everybody's token be over."""
        self.tokens.clear()


class _Handler(BaseHTTPRequestHandler):
    platform: VideoPlatform
    timeout = 5

    def log_message(self, *_told: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        told = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/rtp/"):
            self._media(parts.path.rpartition("/")[2])
        elif parts.path == "/api/user/login":
            self._log_in(told)
        elif parts.path.startswith("/api/device/query/snap/"):  # it asks nobody who they are
            self._picture(told.get("mark", ""))
        elif not self._is_in():
            self._tell({"code": 401, "msg": "请登录后重新请求"}, status=401)
        else:
            self.platform.asked.append((parts.path, told))
            self._answer(parts.path, told)

    def _is_in(self) -> bool:
        return (
            self.headers.get("access-token") in self.platform.tokens
            or self.headers.get("api-key") == self.platform.api_key
        )

    def _log_in(self, told: dict[str, str]) -> None:
        expected = hashlib.md5(self.platform.password.encode(), usedforsecurity=False).hexdigest()
        if (told.get("username"), told.get("password")) != (self.platform.username, expected):
            self._tell({"code": 100, "msg": "用户名或密码错误"})
            return
        token = secrets.token_hex(16)
        self.platform.tokens.add(token)
        self.platform.log_ins += 1
        self._tell({"code": 0, "msg": "成功", "data": {"username": self.platform.username, "accessToken": token}})

    def _answer(self, path: str, told: dict[str, str]) -> None:
        mode = self.platform.mode
        if mode == "hang":
            self.platform.ending.wait(_HANG_S)
        elif mode == "garbage":
            self._send(b"<html>502 Bad Gateway</html>", "text/html")
        elif mode == "huge":
            self._send(b'{"code":0,"data":"' + b"x" * _HUGE + b'"}', "application/json")
        elif mode == "broken":
            self._tell({"code": 500, "msg": f"{self.platform.password} Connection refused"}, status=500)
        elif mode in _REFUSED:
            code, msg = _REFUSED[mode]
            self._tell({"code": code, "msg": msg})
        else:
            self._well(path, told)

    def _well(self, path: str, told: dict[str, str]) -> None:
        one = self.platform
        where = f"{one.device}/{one.channel}"
        if path == "/api/play/snap":
            self._snap(told)
        elif not path.endswith(where):
            self._tell({"code": 100, "msg": "设备不存在"})
        elif path == f"/api/play/start/{where}":
            self._stream(f"{one.device}_{one.channel}")
        elif not all(_TIME.match(told.get(name, "")) for name in ("startTime", "endTime")):
            self._tell({"code": 100, "msg": "startTime格式为yyyy-MM-dd HH:mm:ss"})
        elif path == f"/api/gb_record/query/{where}":
            there = [] if one.mode == "none" else [{**told, "deviceId": one.channel}]
            self._tell({"code": 0, "msg": "成功", "data": {"sumNum": len(there), "recordList": there}})
        elif path == f"/api/playback/start/{where}":
            self._stream(f"{one.device}_{one.channel}_{re.sub('[^0-9]', '', told['startTime'])}")
        else:
            self._tell({"code": 404, "msg": "资源未找到"}, status=404)

    def _stream(self, stream: str) -> None:
        base = f"127.0.0.1:{self.platform.port}/rtp/{stream}"
        data = {
            "app": "rtp", "stream": stream, "flv": f"http://{base}.live.flv", "hls": f"http://{base}/hls.m3u8",
            "https_hls": f"https://{base}/hls.m3u8", "rtsp": f"rtsp://127.0.0.1:554/rtp/{stream}",
            "rtc": f"http://127.0.0.1:{self.platform.port}/index/api/webrtc?app=rtp&stream={stream}&type=play",
            "mediaServerId": "zlm",
        }  # fmt: skip
        self._tell({"code": 0, "msg": "成功", "data": data})

    def _snap(self, told: dict[str, str]) -> None:
        one = self.platform
        if (told.get("deviceId"), told.get("channelId")) != (one.device, one.channel):
            self._tell({"code": 100, "msg": "设备不存在"})
            return
        mark = "20261123" + secrets.token_hex(3)
        if one.mode != "no_picture":
            one.pictures.add(mark)
        self._tell({"code": 0, "msg": "成功", "data": f"/opt/wvp/snap/{one.device}_{one.channel}_{mark}.jpg"})

    def _picture(self, mark: str) -> None:
        if mark in self.platform.pictures:
            self._send(film.jpeg(), "image/png")  # that is what it calls them
        else:
            self.send_response(204)
            self.end_headers()

    def _media(self, name: str) -> None:
        path = self.platform.folder / name
        if "/" in name or not path.is_file():
            self.send_error(404)
        else:
            self._send(path.read_bytes(), _TYPES.get(path.suffix, "application/octet-stream"))

    def _tell(self, told: dict[str, Any], *, status: int = 200) -> None:
        self._send(json.dumps(told, ensure_ascii=False).encode(), "application/json;charset=UTF-8", status)

    def _send(self, body: bytes, content_type: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True
