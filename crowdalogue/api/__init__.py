"""For programs: one file a resource, over the same functions as the pages. `service.api` is mounted at /api/v1/."""
