"""Puts an Asterisk, its trunk and a scripted gate together: the smallest PBX that has a way out."""

from dataclasses import dataclass

from tests.asterisk.etc import Site
from tests.asterisk.gatepeer import GatePeer, Script, allow
from tests.asterisk.instance import Asterisk
from tests.asterisk.sipp import Phone, phone
from tests.asterisk.sippeer import RINGING, SipPeer


@dataclass(frozen=True, slots=True)
class World:
    """One PBX with its surroundings.

    Attributes:
        asterisk: The real one, with the product's files.
        trunk: Far end of endpoint ``trunk``.
        trunk_b: Far end of endpoint ``trunk-b``.
        gate: What answers FastAGI.
        phone: Phone 6001 at 127.0.0.11.
    """

    asterisk: Asterisk
    trunk: SipPeer
    trunk_b: SipPeer
    gate: GatePeer
    phone: Phone

    def reset(self, script: Script) -> None:
        """Forget what arrived so far, and let the gate follow a script."""
        self.trunk.calls.clear()
        self.trunk_b.calls.clear()
        self.trunk.status = self.trunk_b.status = b"200 OK"
        self.trunk.before = self.trunk_b.before = RINGING
        self.gate.environments.clear()
        self.gate.script = script
        self.asterisk.mark_descriptors()


def start_world(site: Site | None = None) -> World:
    """Start trunk, gate and Asterisk; ``site`` is taken but for the addresses."""
    trunk, trunk_b, gate = SipPeer(), SipPeer(), GatePeer(allow())
    base = site or Site()
    asterisk = Asterisk(
        Site(
            flavour=base.flavour,
            trunk=trunk.contact,
            trunk_b=trunk_b.contact,
            gate=gate.address,
            globals=base.globals,
            dialplan=base.dialplan,
            phones=base.phones,
            more=base.more,
        )
    )
    return World(asterisk, trunk, trunk_b, gate, phone(asterisk.access, "6001", "127.0.0.11"))


def stop_world(world: World) -> None:
    """Stop everything."""
    world.asterisk.stop()
    world.gate.stop()
    world.trunk.stop()
    world.trunk_b.stop()
