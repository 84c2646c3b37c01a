"""What a camera worker is told: one YAML file, checked whole before anything starts.

Documented in `docs/cameras.md`; a field nobody knows is an error that names its place.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from connectors.camera.analytics import ANALYTICS
from connectors.camera.detector import FILE
from gateway.model.errors import Misconfigured

#: A device's id, as topics take it.
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_HOURS = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(_Strict):
    """One analytic asked of a camera: `notice` names it, `hours` says when (station's time, across midnight too).

    Everything else is the analytic's own.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    notice: str
    hours: list[Annotated[str, Field(pattern=_HOURS)]] = []

    @field_validator("notice")
    @classmethod
    def _is_known(cls, told: str) -> str:
        if told not in ANALYTICS:
            raise ValueError(f"there is no analytic {told!r}; there are {', '.join(sorted(ANALYTICS))}")
        return told

    @model_validator(mode="after")
    def _its_own_are_right(self) -> Asked:
        self.settings()
        return self

    def settings(self) -> Any:
        """Return the analytic's own settings. Raises `ValueError` with the field that is wrong."""
        try:
            return msgspec.convert(self.model_extra or {}, ANALYTICS[self.notice].settings, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"{self.notice}: {error}") from error

    def is_on(self, at: time) -> bool:
        """Say whether it looks at this time of day."""
        return not self.hours or any(_within(at, span) for span in self.hours)


class IsapiConfig(_Strict):
    """A camera, or a channel of a recorder, that notices things by itself and tells them over ISAPI (Hikvision).

    `parked_s`, `loitered_s`: after how long it is set to call a vehicle parked, and somebody loitering; it does not say
    so itself.
    """

    url: str = Field(pattern=r"^https?://")
    user: str = Field(min_length=1)
    password: str | None = Field(None, min_length=1)
    password_file: Path | None = None
    channel: int = Field(1, ge=1, le=4096)
    parked_s: float = Field(180, ge=0)
    loitered_s: float = Field(180, ge=0)

    @model_validator(mode="after")
    def _has_one_password(self) -> IsapiConfig:
        if (self.password is None) == (self.password_file is None):
            raise ValueError("give either password or password_file")
        return self


class CameraConfig(_Strict):
    """One camera: which device it is, where its pictures come from, what is asked of it.

    `source` is an rtsp:// address or a file; a file is played at its own pace, again and again, as a camera would.
    `lead_s` and `tail_s`: a clip reaches from so long before a sighting to so long after it.
    """

    device: _Id
    secret: str | None = Field(None, min_length=1)
    secret_file: Path | None = None
    source: str | None = Field(None, min_length=1)
    isapi: IsapiConfig | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    lead_s: float = Field(10, ge=0, le=60)
    tail_s: float = Field(30, ge=0, le=120)
    analytics: list[Asked] = []

    @model_validator(mode="after")
    def _has_one_secret(self) -> CameraConfig:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("give either secret or secret_file")
        if self.source is None and self.isapi is None:
            raise ValueError("say where its pictures come from (source), or where it tells what it notices (isapi)")
        if self.analytics and self.source is None:
            raise ValueError("analytics look at pictures: say where they come from (source)")
        return self

    @property
    def is_file(self) -> bool:
        """Whether its pictures come from a file."""
        return self.source is not None and "://" not in self.source

    def password(self) -> str:
        """Return the device's secret. Raises `Misconfigured` when its file cannot be read."""
        return _secret(self.secret, self.secret_file, f"{self.device}: its secret_file")

    def isapi_password(self) -> str:
        """Return what logs in at its ISAPI. Raises `Misconfigured` when its file cannot be read."""
        told = self.isapi
        if told is None:
            return ""
        return _secret(told.password, told.password_file, f"{self.device}: its isapi.password_file")


class WorkerConfig(_Strict):
    """A worker: whose cameras, where broker and API are, what it may keep while they cannot be reached.

    `spool` holds what waits to be sent, at most `spool_mb`; of the disk `reserve_mb` stay free for events. `detector`:
    the file of the detector's weights, see `anxin camera weights`.
    """

    station: _Id
    time_zone: str = "Asia/Shanghai"
    broker: str = Field(pattern=r"^mqtts?://")
    broker_ca_file: Path | None = None
    api: str = Field(pattern=r"^https?://")
    api_ca_file: Path | None = None
    spool: Path = Path("spool")
    spool_mb: int = Field(2000, ge=10)
    reserve_mb: int = Field(500, ge=0)
    ring_mb: int = Field(64, ge=4, description="Most memory for the packets of one camera.")
    detector: Path = Path(FILE)
    cameras: list[CameraConfig] = Field(min_length=1)

    @property
    def has_detector(self) -> bool:
        """Whether the detector's file is there."""
        return self.detector.is_file()

    @staticmethod
    def seeing(camera: CameraConfig) -> list[str]:
        """Return what is asked of a camera that needs the detector, or is better with it."""
        return [asked.notice for asked in camera.analytics if ANALYTICS[asked.notice].sight != "never"]

    def resting(self, camera: CameraConfig) -> list[str]:
        """Return what is asked of a camera and cannot be noticed, for want of the detector."""
        blind = [asked.notice for asked in camera.analytics if ANALYTICS[asked.notice].sight == "always"]
        return [] if self.has_detector else blind

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, told: str) -> str:
        try:
            ZoneInfo(told)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{told!r} is no time zone") from error
        return told

    @model_validator(mode="after")
    def _devices_are_distinct(self) -> WorkerConfig:
        names = [camera.device for camera in self.cameras]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"there is more than one camera {', '.join(twice)}")
        return self


def read_config(path: Path, models: Path | None = None, spool: Path | None = None) -> WorkerConfig:
    """Read a worker's file; paths in it are relative to it. Raises `Misconfigured` with each place that is wrong.

    `models`: a folder where the detector is looked for too, when the file does not name it and it is not beside it.
    `spool`: what it is when the file does not say.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}") from error
    if not isinstance(told, dict):
        raise Misconfigured(f"{path} says nothing of a camera worker; docs/cameras.md has an example")
    try:
        config = WorkerConfig.model_validate(told)
    except ValidationError as error:
        places = "\n".join(f"  {_place(one['loc'])}: {one['msg']}" for one in error.errors())
        raise Misconfigured(f"{path} is wrong in:\n{places}") from error
    beside = _beside(config, path.parent)
    elsewhere: dict[str, Path] = {}
    if models is not None and "detector" not in config.model_fields_set and not beside.has_detector:
        elsewhere["detector"] = models / FILE
    if spool is not None and "spool" not in config.model_fields_set:
        elsewhere["spool"] = spool
    return beside.model_copy(update=elsewhere)


def _beside(config: WorkerConfig, folder: Path) -> WorkerConfig:
    def there(path: Path | None) -> Path | None:
        return folder / path if path is not None else None

    cameras = [
        camera.model_copy(update={
            "secret_file": there(camera.secret_file),
            "source": str(folder / camera.source) if camera.source and camera.is_file else camera.source,
            "isapi": camera.isapi and camera.isapi.model_copy(
                update={"password_file": there(camera.isapi.password_file)}
            ),
        })
        for camera in config.cameras
    ]  # fmt: skip
    files = {name: there(getattr(config, name)) for name in ("spool", "broker_ca_file", "api_ca_file", "detector")}
    return config.model_copy(update={"cameras": cameras, **files})


def _secret(told: str | None, file: Path | None, what: str) -> str:
    if file is None:
        return told or ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{what} {file} cannot be read: {error}") from error


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts) or "the file"


def _within(at: time, span: str) -> bool:
    begins, ends = (time.fromisoformat(part) for part in span.split("-"))
    return begins <= at < ends if begins <= ends else at >= begins or at < ends
