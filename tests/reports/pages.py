"""A page as tests read it: well-formed, with what each element says."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """Reads a page, and fails where an element is not closed or an id is there twice."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        ids = self.all_of("id")
        assert len(ids) == len(set(ids))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    def all_of(self, attribute: str) -> list[str]:
        """All values of an attribute."""
        return [str(found[attribute]) for _, found in self.elements if attribute in found]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [found for name, found in self.elements if name == tag]

    @property
    def text(self) -> str:
        """All that is to be read."""
        return "\n".join(self.texts)
