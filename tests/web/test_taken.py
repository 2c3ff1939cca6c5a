"""A file of a page: only for those who may, harmless to spreadsheets, recorded."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from crowdalogue.models import Audit, User
from crowdalogue.web import taken


def test_a_table_is_sent_and_recorded_for_those_who_may_export(helper: User, analyst: User, rf: RequestFactory) -> None:
    request = rf.get("/messages/")
    request.user = analyst
    answer = taken.table(request, "some.csv", ["Text"], [["=1+1"], [3]], filters="channel=email" * 30)
    assert answer.content.decode() == "Text\r\n'=1+1\r\n3\r\n"
    assert answer["Content-Disposition"] == 'attachment; filename="some.csv"'
    line = Audit.objects.get(deed="exported")
    assert (line.what, line.facts["rows"], len(line.facts["filters"])) == ("some.csv", 2, 200)
    request.user = helper
    with pytest.raises(PermissionDenied):
        taken.table(request, "some.csv", ["Text"], [], filters="")
    assert Audit.objects.filter(deed="exported").count() == 1
