"""What Twilio's text messages and voice messages share: signatures, forms, calls, and errors in words."""
