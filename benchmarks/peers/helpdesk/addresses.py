"""Where django-helpdesk finds its own pages: its templates name them."""

from django.urls import include, path

urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
