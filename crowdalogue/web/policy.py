"""What a browser may do with our pages."""

# Scripts and styles come from our own files only. Whoever sets a policy of their own (mail bodies,
# attachments) keeps it.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
