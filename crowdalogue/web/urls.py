"""All addresses of the pages, in one list. One file and one template a screen."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from crowdalogue.web import hooks, inbox, preferences, start

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("hooks/<str:key>/", hooks.knock, name="hook"),
    path("start/", start.page, name="start"),
    path("preferences/", preferences.save, name="preferences"),
    path("inbox/", inbox.page, name="inbox"),
]

handler400 = "crowdalogue.web.faults.bad"
handler403 = "crowdalogue.web.faults.denied"
handler404 = "crowdalogue.web.faults.missing"
handler500 = "crowdalogue.web.faults.broken"
