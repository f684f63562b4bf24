from __future__ import annotations

import re
from string import Formatter

import pytest

from management.language import LANGUAGES
from management.mailing.letters import LETTERS, letter

HOSTILE = "<script>alert(1)</script>\r\nBcc: all@example.org"
LINK = "https://dozvon.example/x?a=1&b=2"


def _places(name: str) -> set[str]:
    draft = LETTERS[name]
    return {
        place
        for text in (draft.subject, *draft.paragraphs, draft.button, *draft.after)
        for _, place, _, _ in Formatter().parse(text)
        if place
    }


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("name", sorted(LETTERS))
def test_text_and_html_say_the_same_and_hold_what_they_were_given(name: str, language: str) -> None:
    values = {place: f"«{place}»" for place in _places(name)}
    made = letter(language, name, link=LINK, **values)
    assert LINK in made.text
    assert LINK.replace("&", "&amp;") in made.html
    for value in values.values():
        assert value in made.subject + made.text
        assert value in made.html
    plain = re.sub(r"<style>.*?</style>|<title>.*?</title>|<[^>]+>", "", made.html, flags=re.DOTALL)
    lines = {line.strip().removesuffix(":") for line in made.text.splitlines()} - {"", "--", LINK}
    assert lines <= {line.strip().replace("&#39;", "'") for line in plain.splitlines()}
    assert "http" not in made.html.replace(LINK.replace("&", "&amp;"), "")  # nothing is fetched from anywhere
    assert bool(re.search("[а-я]{5}", made.subject)) == (language == "ru")


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_nobody_writes_markup_or_headers_into_a_letter(name: str) -> None:
    made = letter("ru", name, link=LINK, **dict.fromkeys(_places(name), HOSTILE))
    assert "<script" not in made.html
    assert not re.search(r"[\r\n]", made.subject)


def test_a_place_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        letter("en", "invitation", link=LINK)
