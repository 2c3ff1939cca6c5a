"""What Facebook, Instagram, Messenger and WhatsApp share: one signature, one kind of delivery, one Graph API.

`door` is about who knocks, `messaging` about private messages, `graph` about calls and their errors in words,
`sweep` about what was said before, `base` is the class the four channels are of.
"""
