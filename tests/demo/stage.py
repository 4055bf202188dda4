"""The demo's stage: a real Asterisk, a trunk's far end, the product, two phones and a thief."""

import json
import sys
from pathlib import Path
from typing import Self

from tests.asterisk.etc import Site
from tests.asterisk.guarded import Guarded
from tests.asterisk.sipp import Phone, phone

STAGE_FILE = "stage.json"
FALLBACK = Path(sys.executable).with_name("tollguard-agi")
# The two phones also reach each other; every other number goes to the gate.
PHONES = "exten => _600[12],1,Dial(PJSIP/${EXTEN},20)\ninclude => tollguard-outbound\n"


class Stage(Guarded):
    """Everything of `Guarded`, and who plays.

    Attributes:
        reception: Phone 6001.
        warehouse: Phone 6002.
        thief: Somebody elsewhere who goes for 6001 with passwords of a list.
    """

    def __init__(self) -> None:
        super().__init__(Site(phones=PHONES))
        access = self.asterisk.access
        self.reception: Phone = self.phone
        self.warehouse = phone(access, "6002", "127.0.0.12")
        self.thief = phone(access, "6001", "127.0.0.66", secret="123456")
        self.file.write_text(json.dumps({"address": access.address, "sip_port": access.sip_port}))
        self._link_fallback()

    def _link_fallback(self) -> None:
        """Do what docs/asterisk.md has an operator do for the fallback."""
        folder = self.asterisk.folder
        (folder / "agi" / FALLBACK.name).symlink_to(FALLBACK)
        site = folder / "etc/extensions.d/tollguard-site.conf"
        site.write_text(site.read_text().replace(f"={folder}/", f"={self.daemon.folder}/"))
        self.asterisk.cli("dialplan reload")

    @property
    def file(self) -> Path:
        """Where ``python -m tests.demo.dial`` finds the PBX."""
        return self.daemon.folder / STAGE_FILE

    def dialled(self) -> list[str]:
        """Return the numbers that reached the trunk, in order."""
        return [number.decode("ascii", "backslashreplace") for number in self.trunk.numbers()]

    def __enter__(self) -> Self:
        """Return itself; the ``with`` stops everything."""
        return self

    def line(self, owner: Phone) -> Phone:
        """Give a phone another port of its address, as several lines have."""
        return phone(self.asterisk.access, owner.name, owner.address)
