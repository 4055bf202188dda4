"""Writes the configuration of a private Asterisk: the product's own files plus this site's.

The product's files are copied as they are; only ``tollguard-site.conf``, the key and the
secrets are this site's, exactly as an operator would write them.
"""

import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.asterisk.flavours import Installation
from tests.asterisk.ports import free_tcp, free_udp
from tollguard.shipped import asterisk_conf

PHONES = tuple(str(number) for number in range(6001, 6011))
WATCHED = PHONES[5:]  # Asterisk asks these every second whether they are there

# Modules that look for hardware, remote servers or other daemons: they only cost start-up time.
NOLOAD = (
    "app_agent_pool",
    "app_alarmreceiver",
    "app_festival",
    "app_meetme",
    "app_minivm",
    "app_voicemail",
    "cdr_adaptive_odbc",
    "cdr_odbc",
    "cdr_pgsql",
    "cdr_tds",
    "cel_odbc",
    "cel_pgsql",
    "cel_tds",
    "chan_console",
    "chan_dahdi",
    "chan_mgcp",
    "chan_misdn",
    "chan_mobile",
    "chan_motif",
    "chan_ooh323",
    "chan_phone",
    "chan_skinny",
    "chan_unistim",
    "pbx_ael",
    "pbx_dundi",
    "pbx_lua",
    "res_ari",
    "res_calendar",
    "res_calendar_caldav",
    "res_calendar_ews",
    "res_calendar_exchange",
    "res_calendar_icalendar",
    "res_config_ldap",
    "res_config_mysql",
    "res_config_odbc",
    "res_config_pgsql",
    "res_corosync",
    "res_fax_spandsp",
    "res_hep",
    "res_odbc",
    "res_phoneprov",
    "res_prometheus",
    "res_snmp",
    "res_stun_monitor",
    "res_xmpp",
)


@dataclass(frozen=True, slots=True)
class Site:
    """What differs from one private Asterisk to the next.

    Attributes:
        flavour: ``22`` or ``16``.
        trunk: ``address:port`` of the far end of endpoint ``trunk``.
        trunk_b: The same of endpoint ``trunk-b``.
        gate: ``address:port`` of the gate; the default is a port where nobody listens.
        globals: Lines of the operator's own choice, over those of tollguard-site.conf.
        dialplan: More contexts, appended to extensions.conf.
        phones: The context of the phones.
        more: Text appended to files of Asterisk's etc, by their names; a new file where none is.
    """

    flavour: str = "22"
    trunk: str = "127.0.0.1:9"
    trunk_b: str = "127.0.0.1:9"
    gate: str = "127.0.0.1:9"
    globals: dict[str, str] = field(default_factory=dict)
    dialplan: str = ""
    phones: str = "include => tollguard-outbound\n"
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Access:
    """Ports and secrets of a running Asterisk, made anew for each.

    Attributes:
        address: The loopback address that SIP and AMI are bound to.
        sip_port: UDP.
        ami_port: TCP.
        eyes_secret: Password of ``tollguard-eyes``.
        hands_secret: Password of ``tollguard-hands``.
        key: The gate's key.
    """

    address: str = "127.0.0.1"
    sip_port: int = field(default_factory=free_udp)
    ami_port: int = field(default_factory=free_tcp)
    eyes_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    hands_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    key: str = field(default_factory=lambda: secrets.token_hex(16))


def phone_secret(phone: str) -> str:
    """Return the SIP password of a phone."""
    return f"Kt7-{phone}-vq2"


def write_etc(folder: Path, installation: Installation, site: Site, access: Access) -> Path:
    """Lay out everything a private Asterisk reads; return the path of its asterisk.conf."""
    etc = folder / "etc"
    shipped = asterisk_conf()
    shutil.copytree(shipped, etc)
    if site.flavour == "16":
        shutil.copytree(shipped / "asterisk-16", etc, dirs_exist_ok=True)
    texts = {
        "asterisk.conf": main_conf(folder, installation),
        "modules.conf": modules_conf(),
        "logger.conf": LOGGER,
        "rtp.conf": "[general]\nrtpstart=20000\nrtpend=40000\n",
        "manager.conf": manager_conf(access),
        "manager.d/tollguard-secret.conf": secret_conf(access),
        "extensions.conf": extensions_conf(site),
        "extensions.d/tollguard-site.conf": site_conf(folder, site),
        "tollguard-gate-key": f"{access.key}\n",
        "pjsip.conf": pjsip_conf(site, access),
    }
    if site.flavour == "16":
        texts["sip.conf"] = sip_conf(access)
    for name in {**texts, **site.more}:
        (etc / name).write_text(texts.get(name, "") + site.more.get(name, ""))
    return etc / "asterisk.conf"


def main_conf(folder: Path, installation: Installation) -> str:
    """Point every directory into the private folder."""
    for name in ("var", "db", "spool", "run", "log", "agi"):
        (folder / name).mkdir()
    return f"""[directories]
astetcdir => {folder}/etc
astmoddir => {installation.modules}
astvarlibdir => {folder}/var
astdbdir => {folder}/db
astkeydir => {folder}/var
astdatadir => {installation.data}
astagidir => {folder}/agi
astspooldir => {folder}/spool
astrundir => {folder}/run
astlogdir => {folder}/log
[options]
nocolor = yes
"""


def modules_conf() -> str:
    """Load everything but what only costs time here."""
    return "[modules]\nautoload=yes\n" + "".join(f"noload={name}.so\n" for name in NOLOAD)


LOGGER = """[general]
dateformat=%F %T.%3q
[logfiles]
messages => notice,warning,error,verbose(3)
security => security
"""


def manager_conf(access: Access) -> str:
    """Write the lines that docs/asterisk.md asks for in [general], and the include."""
    return f"""[general]
enabled=yes
bindaddr={access.address}
port={access.ami_port}
timestampevents=yes
channelvars=TOLLGUARD_TOKEN
#include "manager.d/tollguard.conf"
"""


def secret_conf(access: Access) -> str:
    """Write the two secrets as ``tollguard config secrets`` does."""
    return (
        f"[tollguard-eyes-secret](!)\nsecret={access.eyes_secret}\n"
        f"[tollguard-hands-secret](!)\nsecret={access.hands_secret}\n"
    )


def site_conf(folder: Path, site: Site) -> str:
    """Take the shipped tollguard-site.conf and change single values in it."""
    values = {
        "TOLLGUARD_GATE": site.gate,
        "TOLLGUARD_SNAPSHOT": f"{folder}/snapshot.json",
        "TOLLGUARD_OBSERVE_FILE": f"{folder}/observe",
        **site.globals,
    }
    lines = []
    for line in (asterisk_conf() / "extensions.d/tollguard-site.conf").read_text().splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={values.pop(name)}" if name in values else line)
    lines += [f"{name}={value}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def extensions_conf(site: Site) -> str:
    """Include the product's dialplan and lead the phones to it."""
    return f"""[general]
static=yes
writeprotect=yes
[globals]
SITE=test
#include "extensions.d/tollguard-site.conf"
#include "extensions.d/tollguard.conf"
[phones]
{site.phones}
[from-trunk]
exten => _X.,1,Dial(PJSIP/6002,20)
{site.dialplan}"""


def pjsip_conf(site: Site, access: Access) -> str:
    """Write the transport, ten phones and two trunks."""
    text = f"""[udp]
type=transport
protocol=udp
bind={access.address}:{access.sip_port}
"""
    if site.flavour == "16":
        text = text.replace(f":{access.sip_port}", f":{free_udp()}")
    text += "".join(pjsip_phone(phone) for phone in PHONES)
    for name, far_end in (("trunk", site.trunk), ("trunk-b", site.trunk_b)):
        text += f"""[{name}]
type=endpoint
context=from-trunk
disallow=all
allow=ulaw
aors={name}
[{name}]
type=aor
contact=sip:{far_end}
"""
    return text


def pjsip_phone(phone: str) -> str:
    """Write one phone: endpoint, password and address of record."""
    return f"""[{phone}]
type=endpoint
context=phones
disallow=all
allow=ulaw
auth={phone}
aors={phone}
rewrite_contact=yes
direct_media=no
[{phone}]
type=auth
auth_type=userpass
username={phone}
password={phone_secret(phone)}
[{phone}]
type=aor
max_contacts=1
remove_existing=yes
{"qualify_frequency=1" if phone in WATCHED else "qualify_frequency=0"}
qualify_timeout=0.6
"""


def sip_conf(access: Access) -> str:
    """Write ten chan_sip phones; a watched one is lagged from 200 ms on."""
    text = f"""[general]
bindaddr={access.address}
bindport={access.sip_port}
udpbindaddr={access.address}:{access.sip_port}
context=phones
allowguest=no
pedantic=no
alwaysauthreject=yes
callevents=yes
nat=force_rport,comedia
qualifyfreq=1
"""
    for phone in PHONES:
        text += f"""[{phone}]
type=friend
host=dynamic
secret={phone_secret(phone)}
context=phones
disallow=all
allow=ulaw
qualify={"200" if phone in WATCHED else "no"}
"""
    return text


def iax(port: int, far_port: int) -> str:
    """Write a site's end of the IAX2 trunk; the other end is at ``far_port``."""
    return f"""[general]
bindport={port}
bindaddr=127.0.0.1
disallow=all
allow=ulaw
requirecalltoken=no
[trunk-iax]
type=friend
host=127.0.0.1
port={far_port}
username=trunk-iax
secret=1ax-s3cret
context=from-iax
"""
