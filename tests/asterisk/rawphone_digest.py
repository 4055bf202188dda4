"""Proves a raw phone's password by SIP digest, as chan_pjsip and chan_sip ask for it."""

import re
from hashlib import md5

_WORDS = re.compile(rb'(\w+)=("[^"]*"|[^,\s]+)')


def proof(challenge: bytes, method: bytes, uri: bytes, name: bytes, secret: bytes) -> bytes:
    """Return the Authorization line that answers a 401.

    Args:
        challenge: The whole 401.
        method: Of the request that is sent again.
        uri: Its request line's.
        name: The phone's user name.
        secret: Its password.
    """
    line = re.search(rb"(?im)^WWW-Authenticate: Digest ([^\r\n]*)", challenge)
    assert line is not None
    words = {key: value.strip(b'"') for key, value in _WORDS.findall(line.group(1))}
    who = _hex(b":".join((name, words[b"realm"], secret)))
    what = _hex(method + b":" + uri)
    # chan_sip asks for no quality of protection, chan_pjsip does
    quality = (b"00000001", b"c", b"auth") if b"qop" in words else ()
    parts = (
        b'username="' + name + b'"',
        b'realm="' + words[b"realm"] + b'"',
        b'nonce="' + words[b"nonce"] + b'"',
        b'uri="' + uri + b'"',
        b'response="' + _hex(b":".join((who, words[b"nonce"], *quality, what))) + b'"',
        b'opaque="' + words.get(b"opaque", b"") + b'"',
        b"algorithm=MD5" + (b', qop=auth, nc=00000001, cnonce="c"' if quality else b""),
    )
    return b"Authorization: Digest " + b", ".join(parts) + b"\r\n"


def _hex(data: bytes) -> bytes:
    return md5(data, usedforsecurity=False).hexdigest().encode()
