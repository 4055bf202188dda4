"""Plays a phone of a kept demo: a real SIP call, or its registration.

``python -m tests.demo.dial 6001 01037793123456 20``; ``python -m tests.demo.dial register 6001``.
"""

import json
import os
import sys
from pathlib import Path

from tests.asterisk.etc import Access
from tests.asterisk.sipp import Phone, phone
from tests.demo.stage import STAGE_FILE

USAGE = (
    "usage: python -m tests.demo.dial PHONE NUMBER [SECONDS]\n"
    "       python -m tests.demo.dial register PHONE\n"
    "a phone is 6001 to 6010; a registration lasts 5 minutes\n"
)
REGISTER = "register"


def main(arguments: list[str]) -> int:
    """Do it and print the final SIP code; returns 0 when it was answered with 200."""
    config = os.environ.get("TOLLGUARD_CONFIG", "")
    if len(arguments) not in {2, 3} or not config:
        sys.stderr.write(USAGE if config else "set TOLLGUARD_CONFIG as the demo said\n")
        return 64
    stage = json.loads((Path(config).parent / STAGE_FILE).read_text())
    access = Access(address=stage["address"], sip_port=stage["sip_port"])
    if arguments[0] == REGISTER:
        code, done = _phone(access, arguments[1]).register(), "registered"
    else:
        hold_s = float(arguments[2]) if len(arguments) == 3 else 0.0
        code, done = _phone(access, arguments[0]).dial(arguments[1], hold_s), "answered"
    sys.stdout.write(f"SIP {code}: {done if code == 200 else 'refused'}\n")
    return 0 if code == 200 else 1


def _phone(access: Access, name: str) -> Phone:
    """Give the phone the address that it has in the story."""
    return phone(access, name, "127.0.0.12" if name == "6002" else "127.0.0.11")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
