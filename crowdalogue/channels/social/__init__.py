"""What the open networks (Bluesky, Mastodon, Matrix) need beside their channel files."""
