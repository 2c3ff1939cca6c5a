"""The form of a watch: lists of words, one a line, and who has to have said them where. No language is needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO

from crowdalogue import channels
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Brand, Watch
from crowdalogue.text import watching
from crowdalogue.text.watching import WatchQuery

SPARE_PAIRS = 2  # empty lines offered for words near each other
ONE_A_LINE = "One a line; several words on a line stand in that order."


class WatchForm(forms.Form):
    """`form.query` is what was filled in, once it is valid."""

    name = forms.CharField(max_length=120, label="Name", help_text="How colleagues find it.")
    purpose = forms.ChoiceField(choices=Watch.Purpose.choices, label="It listens for")
    brand = forms.ModelChoiceField(
        Brand.objects.order_by("competitor", "name"),
        required=False,
        label="About",
        empty_label="No brand",
        help_text="What it finds on searched channels counts for this brand, in its share of voice too.",
    )
    any = forms.CharField(
        required=False,
        label="Any of these words",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=f"{ONE_A_LINE} A star at the end finds words that begin so: deliver*. "
        "#name and @name find only hashtags and people addressed.",
    )
    slips = forms.BooleanField(
        required=False, label="Also misspelled: one letter of five to eight letters, two of longer words"
    )
    all = forms.CharField(
        required=False,
        label="And all of these",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=ONE_A_LINE,
    )
    none = forms.CharField(
        required=False,
        label="But none of these",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=f"{ONE_A_LINE} The trial shows what they take away.",
    )
    languages = forms.CharField(
        required=False,
        label="Languages",
        help_text="Such as English, German. Messages whose language is not recognised are left out.",
    )
    place = forms.CharField(
        required=False,
        label="Places",
        help_text="Such as Berlin, New York: where authors say they are. Those who do not say are left out.",
    )
    reach = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=watching.BIGGEST_REACH,
        label="Followers at least",
        help_text="Authors whose followers are not known are left out.",
    )
    kinds = forms.MultipleChoiceField(
        required=False, label="Only these channels", widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )
    ours = forms.BooleanField(required=False, label="Also what our own and other brands’ accounts say")

    def __init__(self, *args: Any, pairs: int = 0, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["kinds"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = kind_choices(self.initial.get("kinds", ()))
        self.pairs = min(pairs + SPARE_PAIRS, watching.MOST_NEAR)
        for n in range(self.pairs):
            self.fields[f"one_{n}"] = forms.CharField(required=False, label=f"Pair {n + 1}: one of")
            self.fields[f"within_{n}"] = forms.IntegerField(
                required=False, min_value=1, max_value=watching.FARTHEST, label="within so many words of"
            )
            self.fields[f"other_{n}"] = forms.CharField(required=False, label="one of")
        self.query = WatchQuery()
        self.saving = True  # a trial needs no name and no brand

    @property
    def near(self) -> list[tuple[Any, Any, Any]]:
        """The bound fields of each pair."""
        return [(self[f"one_{n}"], self[f"within_{n}"], self[f"other_{n}"]) for n in range(self.pairs)]

    def clean_any(self) -> list[str]:
        return self._clues("any")

    def clean_all(self) -> list[str]:
        return self._clues("all")

    def clean_none(self) -> list[str]:
        return self._clues("none")

    def clean_languages(self) -> list[str]:
        given = [part.strip() for part in re.split(r"[,\n]", self.cleaned_data["languages"]) if part.strip()]
        codes = [code_of(part) for part in given]
        if None in codes:
            wrong = given[codes.index(None)]
            raise forms.ValidationError(
                f"“{wrong[:40]}” is not a language known here. Write it in English, or its code."
            )
        return [code for code in codes if code]

    def clean_place(self) -> list[str]:
        return [part.strip() for part in re.split(r"[,\n]", self.cleaned_data["place"]) if part.strip()]

    def _clues(self, name: str) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
        try:
            return [watching.clue(line).text for line in lines]
        except Failure as failure:
            raise forms.ValidationError(failure.text) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        brand = data.get("brand")
        if self.saving and data.get("purpose") == Watch.Purpose.COMPETITOR and not (brand and brand.competitor):
            self.add_error(
                "brand", "Say which competitor it is about, so that its share of voice counts what is found."
            )
        near = [pair for n in range(self.pairs) if (pair := self._pair(n))]
        if self.errors:
            return data
        try:
            self.query = watching.read(
                {
                    **{name: data[name] for name in ("all", "none", "languages", "place", "kinds", "ours")},
                    "any": [with_slips(text) for text in data["any"]] if data["slips"] else data["any"],
                    "reach": data["reach"] or 0,
                    "near": near,
                }
            )
        except Failure as failure:
            self.add_error("any" if "no word to look for" in failure.text else None, failure.text)
        return data

    def _pair(self, n: int) -> dict[str, Any] | None:
        data = self.cleaned_data
        one, other = (split(data.get(f"{side}_{n}") or "") for side in ("one", "other"))
        if not one and not other:
            return None
        if not one or not other:
            self.add_error(f"{'other' if one else 'one'}_{n}", "Fill in this side too, or leave both empty.")
            return None
        for side, texts in (("one", one), ("other", other)):
            try:
                for text in texts:
                    watching.clue(text)
            except Failure as failure:
                self.add_error(f"{side}_{n}", failure.text)
        return {"one": one, "other": other, "within": data.get(f"within_{n}") or watching.NEAR}


def filled(query: WatchQuery, **more: Any) -> WatchForm:
    """The form as it stands for a query; `more` are name, purpose and brand."""
    slipping = bool(query.any) and all(text == with_slips(text) for text in query.any)
    slipping = slipping and any(text.endswith("~") for text in query.any)
    shown = {
        "any": "\n".join(text.removesuffix("~") if slipping else text for text in query.any),
        "all": "\n".join(query.all),
        "none": "\n".join(query.none),
        "slips": slipping,
        "languages": ", ".join(language_name(code) for code in query.languages),
        "place": ", ".join(query.place),
        "reach": query.reach or None,
        "kinds": list(query.kinds),
        "ours": query.ours,
    }
    for n, near in enumerate(query.near):
        shown |= {f"one_{n}": ", ".join(near.one), f"other_{n}": ", ".join(near.other), f"within_{n}": near.within}
    return WatchForm(initial={**shown, **more}, pairs=len(query.near))


def posted(data: Mapping[str, Any], *, saving: bool = True) -> WatchForm:
    """The form as it was sent, with as many pairs as were drawn, and checked: for saving, or only for a trial."""
    drawn = sum(1 for n in range(watching.MOST_NEAR) if f"one_{n}" in data)
    kinds = data.getlist("kinds") if hasattr(data, "getlist") else data.get("kinds", [])
    known = [kind for kind in kinds if kind in channels.channel_kinds()]  # one that was connected once
    form = WatchForm(data, initial={"kinds": known}, pairs=max(drawn - SPARE_PAIRS, 0))
    form.saving = form.fields["name"].required = saving
    form.full_clean()
    form.fields["name"].required = True  # as it is drawn
    return form


def with_slips(text: str) -> str:
    """The clue, also misspelled where it is long enough for that."""
    if text[-1] in "*~":
        return text
    try:
        return watching.clue(text + "~").text
    except Failure:
        return text


def split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def kind_choices(chosen: Iterable[str]) -> list[tuple[str, str]]:
    """Channels that are connected, and those a watch names already."""
    kinds = {*Account.objects.order_by().values_list("kind", flat=True).distinct(), *chosen}
    return sorted(((kind, channels.label_of(kind)) for kind in kinds), key=lambda pair: pair[1].casefold())


def code_of(name: str) -> str | None:
    """The code of a language by its English or own name, or by its code."""
    wanted = name.casefold()
    for code, info in LANG_INFO.items():
        names = {code, str(info.get("name", "")).casefold(), str(info.get("name_local", "")).casefold()}
        if wanted in names:
            return code
    return None


def language_name(code: str) -> str:
    return str(LANG_INFO.get(code, {}).get("name") or code)
