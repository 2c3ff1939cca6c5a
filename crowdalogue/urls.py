"""The root of all addresses: pages and doors for people, the API for programs."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from crowdalogue.api.service import api, nowhere
from crowdalogue.web import urls as web

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    re_path(r"^api/(?P<rest>[\s\S]*)\Z", nowhere),
    path("", include(web)),
]

handler400 = web.handler400
handler403 = web.handler403
handler404 = web.handler404
handler500 = web.handler500
