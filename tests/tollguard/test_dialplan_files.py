"""A line of dialplan is found where Asterisk read it from."""

from pathlib import Path

import pytest

from policies.coverage.dialplan import Line, Place
from tollguard import dialplan_files
from tollguard.dialplan_files import Spot, as_dialplan, find_spots, read

PHONES = """\
; a comment
[globals]
X=1
[phones]
exten => 6001,1,Dial(PJSIP/6001,20)   ; rings
 same => n(voice),VoiceMail(6001)
same=>n+2,Hangup
exten => 6001,hint,PJSIP/6001
exten => _[1,2]X/6002,1,Set(X=a\\;b)
;-- exten => no,1,NoOp()
exten => no,2,NoOp() --;exten => yes,1,NoOp
;--- no block
exten => s,1,Goto,phones|s|1
 same => s(twice),NoOp(${CUT(x,\\,,1)})
 same => next,NoOp
 same => what is this
include => out|9:00-17:00|*|*|*
include = far
ignorepat => 9
"""


def write(folder: Path, **texts: str) -> Path:
    """Write files, ``main`` first, and return its path."""
    for name, text in texts.items():
        (folder / f"{name}.conf").write_text(text)
    return folder / "main.conf"


def lines(path: Path) -> list[tuple[str, int, str, str, str, int]]:
    """Name what was read: extension, priority, label, application, arguments, line."""
    return [
        (line.place.exten, line.place.priority, line.label, line.app, line.data, spot.number)
        for line, spot in ((one.line, one.spot) for one in read(path)[0])
    ]


def test_priorities_are_counted_as_asterisk_does(tmp_path: Path) -> None:
    """``n``, ``n+2``, ``s``, labels, caller IDs, older commas, comments and escapes."""
    assert lines(write(tmp_path, main=PHONES)) == [
        ("6001", 1, "", "Dial", "PJSIP/6001,20", 5),
        ("6001", 2, "voice", "VoiceMail", "6001", 6),
        ("6001", 5, "", "Hangup", "", 7),
        ("_[1,2]X", 1, "", "Set", "X=a;b", 9),
        ("yes", 1, "", "NoOp", "", 11),
        ("s", 1, "", "Goto", "phones|s|1", 13),
        ("s", 1, "twice", "NoOp", "${CUT(x,\\,,1)}", 14),
        ("s", 2, "", "NoOp", "", 15),
    ]


def test_includes_of_contexts_are_read(tmp_path: Path) -> None:
    """Without the times at which they hold."""
    assert as_dialplan(write(tmp_path, main=PHONES)).includes == (
        ("phones", "out"),
        ("phones", "far"),
    )


def test_included_files_stand_in_their_place(tmp_path: Path) -> None:
    """By name, by pattern and by ``#tryinclude``; a line there has that file's number."""
    path = write(
        tmp_path,
        main='[a]\n#include "one.conf"\n#tryinclude <d/*.conf>\n#include none.conf\n',
        one="exten => 1,1,NoOp\n",
    )
    (tmp_path / "d").mkdir()
    (tmp_path / "d/two.conf").write_text("\nexten => 2,1,NoOp\n")

    assert find_spots(path) == {
        (Place("a", "1", 1), "NoOp", ""): Spot(tmp_path / "one.conf", 1),
        (Place("a", "2", 1), "NoOp", ""): Spot(tmp_path / "d/two.conf", 2),
    }


def test_templates_give_their_lines(tmp_path: Path) -> None:
    """A context begins with its templates' lines; a template is no context; ``(+)`` adds."""
    path = write(
        tmp_path,
        main="[t](!)\nexten => 1,1,NoOp\n[a](t)\nexten => 2,1,NoOp\n[a](+)\nexten => 3,1,NoOp\n",
    )

    assert [line.place for line in as_dialplan(path).lines] == [
        Place("a", "1", 1),
        Place("a", "2", 1),
        Place("a", "3", 1),
    ]


def test_a_file_that_includes_itself_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Depth and number of files are bounded."""
    path = write(tmp_path, main='[a]\n#include "main.conf"\nexten => 1,1,NoOp\n')

    assert len(read(path)[0]) == dialplan_files.INCLUDES_MAX + 1
    monkeypatch.setattr(dialplan_files, "FILES_MAX", 3)
    assert len(read(path)[0]) == 3


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """The first file has to be there."""
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.conf")


def test_a_line_of_its_own_shape(tmp_path: Path) -> None:
    """Nothing outside of a context, and an extension without a comma, is dialplan."""
    path = write(tmp_path, main="exten => 1,1,NoOp\n[a]\nexten => alone\nexten => 1,1,A,B(c)\n")

    assert as_dialplan(path).lines == (Line(Place("a", "1", 1), "A", "B(c)", "", "pbx_config"),)
