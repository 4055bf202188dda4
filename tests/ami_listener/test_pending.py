"""Waiting actions: what answers them, what does not, and what is refused before it is sent."""

import pytest

from ami_listener.errors import AmiActionError, AmiLostError, UnsafeValueError
from ami_listener.framing import Frame, parse
from ami_listener.lists import CHANNELS, Query, contacts_of, settings_of
from ami_listener.pending import Pending, action_of

SUCCESS = parse(b"Response: Success\r\nActionID: 1")
COMPLETE = parse(b"Event: CoreShowChannelsComplete\r\nActionID: 1\r\nEventList: Complete")
ITEM = parse(b"Event: CoreShowChannel\r\nActionID: 1")


async def test_a_response_answers_a_plain_action() -> None:
    """An action without a list is answered by its response."""
    pending = Pending(action_of("Ping", {}))

    assert pending.take_response(SUCCESS)
    assert await pending.future == SUCCESS
    assert pending.take_event(ITEM, 0.0) is None


async def test_an_error_response_raises() -> None:
    """An error response reaches the asker with Asterisk's own words."""
    pending = Pending(action_of("Ping", {}))

    assert pending.take_response(parse(b"Response: Error\r\nMessage: Permission denied"))
    with pytest.raises(AmiActionError, match="Permission denied"):
        await pending.future


async def test_an_unreadable_response_raises() -> None:
    """A response with a repeated key is not believed."""
    pending = Pending(action_of("Ping", {}))

    assert pending.take_response(parse(b"Response: Success\r\nA: 1\r\nA: 2"))
    with pytest.raises(AmiLostError, match="duplicate-key"):
        await pending.future


async def test_a_list_is_complete_with_its_last_event() -> None:
    """Items reach the asker as they come, and the end completes the action."""
    items: list[tuple[Frame, float]] = []
    pending = Pending(action_of("CoreShowChannels", {}), CHANNELS, lambda *item: items.append(item))

    assert pending.take_event(ITEM, 1.0) is None
    assert not pending.take_response(SUCCESS)
    assert pending.take_event(ITEM, 2.0) is False
    assert pending.take_event(parse(b"Event: PeerEntry\r\nActionID: 1"), 2.0) is None
    assert pending.take_event(parse(b"Event: CoreShowChannel\r\nPrivilege: x"), 2.0) is None
    assert pending.take_event(COMPLETE, 3.0)
    assert items == [(ITEM, 2.0)]
    assert await pending.future == SUCCESS


@pytest.mark.parametrize("query", [contacts_of("6001"), settings_of("6001")])
async def test_the_rest_of_a_reply_is_passed_over(query: Query) -> None:
    """What comes in the reply besides the items was asked for too: it is no hostile event."""
    items: list[tuple[Frame, float]] = []
    pending = Pending(action_of(query.action, {}), query, lambda *item: items.append(item))
    pending.take_response(SUCCESS)
    details = [parse(f"Event: {name}".encode()) for name in sorted({*query.items, *query.besides})]

    assert [pending.take_event(detail, 1.0) for detail in details] == [False, False]
    assert [frame.name for frame, _at_s in items] == list(query.items)


async def test_a_cancelled_list_raises() -> None:
    """A list that Asterisk broke off is no picture."""
    pending = Pending(action_of("CoreShowChannels", {}), CHANNELS, lambda *_item: None)
    pending.take_response(SUCCESS)

    assert pending.take_event(parse(b"Event: CoreShowChannelsComplete\r\nEventList: cancelled"), 1)
    with pytest.raises(AmiActionError, match="cancelled"):
        await pending.future


async def test_an_answer_after_the_end_changes_nothing() -> None:
    """A second answer neither raises nor replaces the first."""
    pending = Pending(action_of("Ping", {}))
    pending.take_response(SUCCESS)

    assert pending.take_response(parse(b"Response: Success\r\nActionID: 2"))
    assert pending.fail(AmiLostError("late"))
    assert await pending.future == SUCCESS


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0b"])
async def test_no_value_and_no_key_breaks_out_of_its_line(text: str) -> None:
    """CR, LF and NUL are refused in values and in keys."""
    with pytest.raises(UnsafeValueError, match="break out"):
        Pending(action_of("Hangup", {"Channel": text}))
    with pytest.raises(UnsafeValueError, match="break out"):
        Pending(action_of("Hangup", {text: "1"}))


async def test_the_wire_form_is_utf8_with_an_action_id() -> None:
    """An action is written with panoramisk's own ActionID."""
    pending = Pending(action_of("Hangup", {"Channel": "Zoé"}))

    assert pending.action_id.startswith("action/")
    assert f"\r\nActionID: {pending.action_id}\r\n".encode() in pending.wire
    assert pending.wire.endswith("Channel: Zoé\r\n\r\n".encode())
