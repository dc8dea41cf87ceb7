"""The folders of a site: who holds them, what arrives in them, what is set aside there."""
