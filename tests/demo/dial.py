"""Places a real SIP call in a kept demo: ``python -m tests.demo.dial 6001 01037793123456 20``."""

import json
import os
import sys
from pathlib import Path

from tests.asterisk.etc import Access
from tests.asterisk.sipp import phone
from tests.demo.stage import STAGE_FILE

USAGE = "usage: python -m tests.demo.dial PHONE NUMBER [SECONDS]; a phone is 6001 to 6010\n"


def main(arguments: list[str]) -> int:
    """Dial and print the final SIP code; returns 0 when the call was answered."""
    config = os.environ.get("TOLLGUARD_CONFIG", "")
    if len(arguments) not in {2, 3} or not config:
        sys.stderr.write(USAGE if config else "set TOLLGUARD_CONFIG as the demo said\n")
        return 64
    stage = json.loads((Path(config).parent / STAGE_FILE).read_text())
    access = Access(address=stage["address"], sip_port=stage["sip_port"])
    hold_s = float(arguments[2]) if len(arguments) == 3 else 0.0
    code = phone(access, arguments[0], "127.0.0.11").dial(arguments[1], hold_s)
    sys.stdout.write(f"SIP {code}: {'answered' if code == 200 else 'refused'}\n")
    return 0 if code == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
