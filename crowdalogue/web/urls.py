"""All addresses of the pages, in one list. One file and one template a screen."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from crowdalogue.web import conversation, deeds, entry, files, hooks, inbox, people, preferences, search, start, stream

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("hooks/<str:key>/", hooks.knock, name="hook"),
    path("start/", start.page, name="start"),
    path("preferences/", preferences.save, name="preferences"),
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/rows/", inbox.rows, name="inbox_rows"),
    path("inbox/take/", inbox.take, name="take"),
    path("inbox/views/", inbox.save_view, name="save_view"),
    path("inbox/views/<int:pk>/", inbox.drop_view, name="drop_view"),
    path("inbox/do/", deeds.do, name="do"),
    path("inbox/undo/<str:events>/", deeds.undo, name="undo"),
    path("inbox/<int:pk>/", conversation.page, name="conversation"),
    path("inbox/<int:pk>/say/", conversation.say, name="say"),
    path("inbox/<int:pk>/draft/", conversation.draft, name="draft"),
    path("inbox/reply/<int:pk>/recall/", conversation.recall, name="recall"),
    path("inbox/reply/<int:pk>/resend/", conversation.resend, name="resend"),
    path("inbox/message/<int:pk>/correct/", conversation.correct, name="correct"),
    path("inbox/message/<int:pk>/html/", files.mail, name="mail"),
    path("inbox/file/<int:pk>/", files.attachment, name="attachment"),
    path("people/", people.page, name="people"),
    path("people/<int:pk>/", people.person_page, name="person"),
    path("new/", entry.page, name="entry"),
    path("search/", search.page, name="search"),
    path("favicon.ico", RedirectView.as_view(url="/static/mark.svg"), name="favicon"),
    path("stream/", stream.stream, name="stream"),
]

handler400 = "crowdalogue.web.faults.bad"
handler403 = "crowdalogue.web.faults.denied"
handler404 = "crowdalogue.web.faults.missing"
handler500 = "crowdalogue.web.faults.broken"
