"""What root decides about this machine: one TOML file, checked whole, every error told at once.

The types below are the documentation: `config sample` and ``docs/config.md`` are printed from
their descriptions. Secrets are paths of files and never values.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from policies.numbering.number import NumberForm
from policies.policy import NobodyDomestic, Site, Trunk, UndeclaredLegs
from tollguard.config_errors import explain_all
from tollguard.config_patterns import OUTSIDE_LINE
from tollguard.config_values import (
    AbsolutePath,
    CountryCode,
    DialTemplate,
    Digits,
    Host,
    Literals,
    Name,
    PlainPath,
    Port,
    SecretFile,
    StorePath,
    Zone,
    to_tuple,
)
from tollguard.errors import AccessError, ConfigError
from tollguard.reach import way_in

DEFAULT_PATH = Path("/etc/tollguard/tollguard.toml")
PATH_VARIABLE = "TOLLGUARD_CONFIG"
MAX_CONFIG_BYTES = 1 << 20


class Section(BaseModel):
    """What every section shares: strict types, no unknown key, never changed after loading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class SiteSection(Section):
    """This machine and the place it stands in."""

    node: Name = Field(
        default="pbx1", description="Name of this machine in reports and in the store."
    )
    group: Name = Field(
        default="default", description="Customer group that its rows are filed under."
    )
    country: CountryCode = Field(
        default="JP", description="The site's own country, ISO 3166 alpha-2."
    )
    plan: Literal["jp", "generic"] = Field(
        default="jp", description="Dial plan numbers are read by."
    )
    outside_line: Annotated[str, Field(pattern=OUTSIDE_LINE)] = Field(
        default="",
        description="Digits dialled for an outside line that the trunk must not see, or empty.",
    )
    emergency: Annotated[tuple[Digits, ...], BeforeValidator(to_tuple)] = Field(
        default=(), description="Emergency numbers besides the plan's own."
    )
    internal_digits: int = Field(
        default=0,
        ge=0,
        le=8,
        description="Unknown numbers of at most this many digits are internal.",
    )
    emergency_literals: Literals = Field(
        default=(),
        max_length=64,
        description="What the dialplan dials for an emergency where a trunk wants a long number:"
        " such a leg is never hung up. The plan's own in the form +81110 need not stand here.",
    )
    undeclared_legs: Literal["record", "hangup"] = Field(
        default="record",
        description="Legs toward an endpoint that is neither a declared trunk nor a phone.",
    )
    nobody_domestic: Literal["allow", "deny"] = Field(
        default="allow",
        description="Calls at home around the gate, such as those of the written fail mode.",
    )
    time_zone: Zone = Field(
        default="Asia/Tokyo", description="Zone of --until, --at and of the times in reports."
    )
    language: Literal["en", "ja"] = Field(
        default="en", description="Language when --lang is not given."
    )
    support_contact: str = Field(
        default="",
        max_length=200,
        description="Whom the people of this site call; nothing shows it yet.",
    )

    @model_validator(mode="after")
    def _plan_can_be(self) -> "SiteSection":
        if self.plan == "jp":
            # said without the numbering library, which most commands never load
            if self.country != "JP":
                msg = (
                    f"site.country: plan 'jp' is Japan's, not that of {self.country!r};"
                    ' set plan = "generic", or country = "JP"'
                )
                raise ValueError(msg)
            return self
        from policies.numbering.plans import plan_for  # noqa: PLC0415

        plan_for(Site(plan=self.plan, country=self.country))
        return self


class TrunkSection(Section):
    """A trunk that the gate guards; what is not listed here is denied."""

    endpoint: Name = Field(description="The trunk's endpoint in Asterisk: PJSIP/…@ENDPOINT.")
    form: Literal["national", "e164"] = Field(
        default="national", description="How it wants numbers: 0312345678, or +81312345678."
    )
    emergency: bool = Field(
        default=True,
        description="Whether it may carry emergency calls: tollguard check warns when no trunk may."
        " The gate refuses none, and the dialplan dials TOLLGUARD_EMERGENCY_TRUNKS.",
    )
    dial: DialTemplate = Field(
        default="",
        description="How the dialplan dials it, such as IAX2/ENDPOINT/{number} or"
        " DAHDI/g1/{number}; empty for PJSIP/{number}@ENDPOINT.",
    )
    channels: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Calls it can carry at once, the last one kept free for emergencies;"
        " 0 when not known.",
    )


class GateSection(Section):
    """Where Asterisk asks before it dials (FastAGI)."""

    host: Host = Field(
        default="127.0.0.1", description="Address to listen on; keep it on loopback."
    )
    port: Port = Field(
        default=573,
        description="The same as TOLLGUARD_GATE in the dialplan; below 1024 is better, because no"
        " other local user can answer there.",
    )
    key_file: SecretFile = Field(
        default=Path("/etc/tollguard/credentials/gate-key"),
        description="File with the key that Asterisk proves itself by.",
    )
    asterisk_key_file: PlainPath = Field(
        default=Path("/etc/asterisk/tollguard-gate-key"),
        description="Asterisk's own copy of it, which a channel reads when the gate asks.",
    )


class AmiSection(Section):
    """Asterisk's manager interface: eyes that read, hands that hang up."""

    host: Host = Field(default="127.0.0.1", description="Where Asterisk's manager listens.")
    port: Port = Field(default=5038, description="Its port.")
    eyes_username: Name = Field(
        default="tollguard-eyes", description="Manager user that only reads."
    )
    eyes_secret_file: SecretFile = Field(
        default=Path("/etc/tollguard/credentials/ami-eyes"), description="File with its secret."
    )
    hands_username: Name = Field(
        default="tollguard-hands", description="Manager user that may hang up."
    )
    hands_secret_file: SecretFile = Field(
        default=Path("/etc/tollguard/credentials/ami-hands"), description="File with its secret."
    )
    technologies: Annotated[
        tuple[Literal["PJSIP", "SIP", "IAX2"], ...], BeforeValidator(to_tuple)
    ] = Field(
        default=("PJSIP",), min_length=1, description="Channel drivers whose devices are watched."
    )


class StoreSection(Section):
    """What operators change by day, and what was judged."""

    url: StorePath = Field(
        default="/var/lib/tollguard/tollguard.db",
        description="sqlite:///absolute/path, or an absolute path.",
    )


class LedgerSection(Section):
    """The durable row before each chargeable call; local to this machine."""

    path: AbsolutePath = Field(
        default=Path("/var/lib/tollguard/ledger.db"),
        description="Its file, on a disk that honours fsync.",
    )


class SnapshotSection(Section):
    """The last policy, for a daemon that starts without its store."""

    path: AbsolutePath = Field(
        default=Path("/var/lib/tollguard/snapshot.json"), description="Its file; holds no secret."
    )


class RunSection(Section):
    """What lasts as long as the daemon runs."""

    directory: AbsolutePath = Field(
        default=Path("/run/tollguard"), description="Folder of status.json, written once a second."
    )


class DetectionSection(Section):
    """When guessing is called guessing."""

    window_s: int = Field(
        default=600, ge=10, le=86_400, description="Length of the sliding window, s."
    )
    per_source: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="Failures from one address in it that make a finding.",
    )
    per_account: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="Failures against one account in it that make a finding.",
    )


class DevicesSection(Section):
    """How a phone's state is told."""

    lag_ms: int = Field(
        default=2_000,
        ge=1,
        le=60_000,
        description="Round trip above which a phone counts as lagged, ms.",
    )


class OnFailureSection(Section):
    """What happens when the gate cannot decide; chargeable calls are always denied then."""

    domestic: Literal["allow", "deny"] = Field(
        default="allow", description="Free domestic calls while the gate cannot decide."
    )


def _trunks_differ(trunks: tuple[TrunkSection, ...]) -> tuple[TrunkSection, ...]:
    names = [trunk.endpoint for trunk in trunks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"trunk: {twice[0]!r} is declared twice; keep one of them"
        raise ValueError(msg)
    return trunks


class Config(Section):
    """The whole file."""

    site: SiteSection = SiteSection()
    trunk: Annotated[
        tuple[TrunkSection, ...], BeforeValidator(to_tuple), AfterValidator(_trunks_differ)
    ] = Field(default=(), max_length=64)
    gate: GateSection = GateSection()
    ami: AmiSection = AmiSection()
    store: StoreSection = StoreSection()
    ledger: LedgerSection = LedgerSection()
    snapshot: SnapshotSection = SnapshotSection()
    run: RunSection = RunSection()
    detection: DetectionSection = DetectionSection()
    devices: DevicesSection = DevicesSection()
    on_failure: OnFailureSection = OnFailureSection()

    def to_site(self) -> Site:
        """Give the core what it needs to know of this machine."""
        return Site(
            plan=self.site.plan,
            country=self.site.country,
            outside_line=self.site.outside_line,
            emergency=self.site.emergency,
            trunks=tuple(
                Trunk(
                    trunk.endpoint,
                    NumberForm(trunk.form),
                    trunk.emergency,
                    trunk.dial,
                    trunk.channels,
                )
                for trunk in self.trunk
            ),
            internal_digits=self.site.internal_digits,
            emergency_literals=self.site.emergency_literals,
            undeclared_legs=UndeclaredLegs(self.site.undeclared_legs),
            nobody_domestic=NobodyDomestic(self.site.nobody_domestic),
        )

    @property
    def status_path(self) -> Path:
        """Where the daemon writes its status once a second."""
        return self.run.directory / "status.json"


def config_path(given: str | None) -> Path:
    """Find the file: ``--config``, else ``TOLLGUARD_CONFIG``, else the default place."""
    return Path(given or os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def parse(data: dict[str, Any], path: Path) -> Config:
    """Check a parsed TOML document.

    Raises:
        ConfigError: Anything is off; the text holds one line per error.
    """
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(explain_all(error.errors(include_url=False), path)) from error


def load(path: Path) -> Config:
    """Read and check the configuration file.

    Raises:
        AccessError: It is closed to the user.
        ConfigError: It is missing, no TOML, or anything in it is off.
    """
    return parse(_read(path), path)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES)
    except FileNotFoundError as error:
        msg = f"{path} does not exist; make one: tollguard config sample > {path}"
        raise ConfigError(msg) from error
    except PermissionError as error:
        msg = f"{path} cannot be read: {error.strerror}; {way_in(path)}"
        raise AccessError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(msg) from error
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8 text (byte {error.start})"
        raise ConfigError(msg) from error
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not TOML: {str(error)[:200]}"
        raise ConfigError(msg) from error
