from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audience import reading
from engine.audience.phones import PhoneProblem
from engine.audience.reading import LINE_TEXTS, ContactRow, Import, LineProblem, open_contacts, read_contacts
from engine.audience.source import LONGEST_LINE
from engine.domain.errors import BadInput
from engine.domain.ids import E164

DATA = Path(__file__).parents[3] / "data" / "contacts"


def _read(text: str) -> Import:
    return read_contacts(text.encode())


def _problems(found: Import) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in found.problems]


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("utf8.csv", "utf-8", ";"),
        ("utf8-bom.csv", "utf-8-sig", ";"),
        ("windows-1251.csv", "cp1251", ";"),
        ("utf16.csv", "utf-16", "\t"),
    ],
)
def test_encodings(name: str, encoding: str, delimiter: str) -> None:
    with (DATA / name).open("rb") as file:
        found = read_contacts(file)
        assert not file.closed, "the file stays the caller's"
    assert (found.encoding, found.delimiter) == (encoding, delimiter)
    assert found.columns == ("phone", "Имя_клиента", "Город", "timezone")
    second = "Пётр; мл." if delimiter == ";" else "Пётр\t мл."
    assert found.rows == [
        ContactRow(2, E164("+79000000000"), {"Имя_клиента": "Иван «Грозный»", "Город": "Москва"}, None),
        ContactRow(3, E164("+79000000001"), {"Имя_клиента": second, "Город": "Омск"}, "Etc/GMT-6"),
    ]
    assert found.problems == []


def test_troubles_are_reported_by_line_and_the_rest_goes_on() -> None:
    found = read_contacts((DATA / "troubles.csv").read_bytes())
    assert [(row.line, row.phone) for row in found.rows] == [
        (2, "+79000000000"),
        (7, "+79000000003"),
        (9, "+79000000005"),
        (12, "+79000000006"),
        (15, "+79000000008"),
    ]
    assert found.rows[3].fields == {"name": "two\nlines", "name_2": "H"}
    assert _problems(found) == [
        (1, "column_renamed"),
        (3, "repeated"),
        (4, "wrong_length"),
        (5, "bad_timezone"),
        (8, "too_many_cells"),
        (9, "few_cells"),
        (11, "service_number"),
        (14, "unclosed_quote"),
        (16, "rounded"),
        (17, "not_allowed_prefix"),
    ]
    assert (found.total, found.repeated) == (13, 1)
    by_line = {problem.line: problem for problem in found.problems}
    assert by_line[3].text == "the same phone as in line 2"
    assert by_line[3].value == "89000000000"
    assert by_line[1].text == "two columns have the same name; the second is now name_2"
    assert not by_line[9].refused


def test_two_forgotten_quotes_do_not_swallow_the_lines_between() -> None:
    found = _read('phone;name;city\n+79000000001;"A;X\n+79000000002;B;Y\n+79000000003;"C;Z\n+79000000004;D;W\n')
    assert [row.line for row in found.rows] == [3, 5]
    assert _problems(found) == [(2, "unclosed_quote"), (4, "unclosed_quote")]


def test_a_quote_inside_a_cell_is_only_a_character() -> None:
    found = _read('phone;size\n+79000000001;5" pipe\n+79000000002;"a ""b"" c"\n+79000000003;x"y"z\n')
    assert [row.fields["size"] for row in found.rows] == ['5" pipe', 'a "b" c', 'x"y"z']
    assert found.problems == []


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_and_numbers(ending: str) -> None:
    found = _read(ending.join(["", "phone", "", "+79000000001", "  ", "x", "+79000000002"]))
    assert [row.line for row in found.rows] == [4, 7]
    assert _problems(found) == [(6, "not_a_number")]


@pytest.mark.parametrize(
    ("header", "delimiter", "columns"),
    [
        ("phone", ";", ("phone",)),
        ("PHONE,a;b", ",", ("phone", "a_b")),
        ("a,b;Phone", ";", ("a_b", "phone")),
        ("Номер\tТелефон", "\t", ("Номер", "phone")),
        ("номер;цена, руб.", ";", ("phone", "цена_руб")),
        ('"Номер телефона";"Имя"', ";", ("phone", "Имя")),
        ("phone;;x;;", ";", ("phone", "column_2", "x")),
        ("sep=,\nphone,a", ",", ("phone", "a")),
        ("phone;Имя;имя;phone", ";", ("phone", "Имя", "имя_2", "phone_2")),
        ("phone;{{a}}", ";", ("phone", "a")),
    ],
)
def test_headers(header: str, delimiter: str, columns: tuple[str, ...]) -> None:
    found = _read(header + "\n")
    assert (found.delimiter, found.columns, found.rows, found.total) == (delimiter, columns, [], 0)


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "contacts_empty", "empty"),
        (b"\n \r\n", "contacts_empty", "empty"),
        (b"\xef\xbb\xbf", "contacts_empty", "empty"),
        ("имя;город\n".encode("cp1251"), "contacts_no_phone_column", "found in the first line: имя, город"),
        (b"+79000000001\n", "contacts_no_phone_column", r"\+79000000001"),
        (b"PK\x03\x04rest", "contacts_workbook", "CSV"),
        (b"\xd0\xcf\x11\xe0rest", "contacts_workbook", "CSV"),
        (b"a\0b;c", "contacts_no_phone_column", "a·b, c"),
        (b'phone;"a\n+79000000001;x\n', "contacts_no_phone_column", 'phone;"a'),
        (b"x" * 200_000, "contacts_no_phone_column", "x…"),
    ],
)
def test_files_that_cannot_be_used(data: bytes, code: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        read_contacts(data)
    assert caught.value.code == code


def test_damaged_lines_do_not_stop_the_rest() -> None:
    lines = [
        "phone;имя".encode(),
        "+79000000001;Иван".encode(),
        b"+79000000002;\xff",
        b"+79000000003;a\0b",
        b"+79000000004;" + b"x" * (LONGEST_LINE + 10_000),
        b'+79000000005;"' + b"x" * LONGEST_LINE + b'"',
        "+79000000006;Пётр".encode(),
    ]
    found = read_contacts(b"\n".join(lines))
    assert found.encoding == "utf-8", "one broken byte does not make it Windows-1251"
    assert [row.line for row in found.rows] == [2, 7]
    assert _problems(found) == [(3, "bad_encoding"), (4, "nul"), (5, "line_too_long"), (6, "line_too_long")]
    assert all(len(problem.value) <= 65 and problem.value.isprintable() for problem in found.problems)


def test_a_stream_that_cannot_seek_and_one_not_at_its_beginning() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    text = b"phone\n+79000000001\n"
    assert len(read_contacts(Pipe(text)).rows) == 1
    later = io.BytesIO(b"rubbish\n" + text)
    later.seek(8)
    assert len(read_contacts(later).rows) == 1


def test_entries_come_as_the_file_is_read() -> None:
    file = open_contacts(b"phone\n+79000000001\nx\n")
    assert isinstance(next(file.entries), ContactRow)
    assert isinstance(next(file.entries), LineProblem)
    assert next(file.entries, None) is None


def test_rubbish_is_counted_in_full_and_kept_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "KEPT_PROBLEMS", 5)
    found = _read("phone\n" + "x\n" * 12)
    assert (len(found.problems), found.counts, found.total) == (5, {"not_a_number": 12}, 12)


def test_every_code_has_words() -> None:
    codes = set(re.findall(r'"([a-z_]+)"', Path(reading.__file__).read_text(encoding="utf-8")))
    assert set(LINE_TEXTS) >= {code.value for code in PhoneProblem}
    assert set(LINE_TEXTS) - {code.value for code in PhoneProblem} <= codes
    for code in LINE_TEXTS:
        assert LineProblem(1, code, "v", "d").text


def _whole(found: Import) -> None:
    refused = sum(problem.refused for problem in found.problems)
    assert found.total == len(found.rows) + refused
    lines = [row.line for row in found.rows]
    assert lines == sorted(set(lines))
    assert len({row.phone for row in found.rows}) == len(found.rows)
    assert all(set(row.fields) <= set(found.columns) - {"phone"} for row in found.rows)


@given(st.binary(max_size=400))
def test_any_bytes_are_an_import_or_bad_input(data: bytes) -> None:
    try:
        _whole(read_contacts(data))
    except BadInput as error:
        assert str(error)


@given(st.binary(max_size=400), st.sampled_from(["phone;a", "Phone,b,tz", "x\tphone"]))
def test_any_bytes_under_a_good_header_are_an_import(data: bytes, header: str) -> None:
    _whole(read_contacts(header.encode() + b"\n" + data))


@given(st.text(alphabet='+79;,"\n\r 0x\t', max_size=200))
def test_any_mess_of_quotes_loses_no_line(body: str) -> None:
    found = _read("phone;a\n" + body)
    _whole(found)


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufffd"), max_size=12).map(str.strip)


@given(
    st.lists(st.tuples(cell, cell), max_size=8),
    st.sampled_from(";,\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_csv_writes_is_read_back(pairs: list[tuple[str, str]], delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["имя", "phone", "note"])
    for number, (first, second) in enumerate(pairs):
        writer.writerow([first, f"+7900000{number:04d}", second])
    found = read_contacts(out.getvalue().encode(encoding))
    assert [(row.fields["имя"], row.fields["note"]) for row in found.rows] == pairs
    assert found.problems == []


@given(st.lists(st.text("абвгдежзАБВГДЯё ", min_size=1, max_size=20).map(str.strip), min_size=1, max_size=8))
def test_windows_1251_is_told_from_utf_8(names: list[str]) -> None:
    text = "телефон;имя\n" + "".join(f"+7900000{n:04d};{name}\n" for n, name in enumerate(names))
    for encoding in ("cp1251", "utf-8"):
        found = read_contacts(text.encode(encoding))
        assert found.encoding == encoding
        assert [row.fields["имя"] for row in found.rows] == names
