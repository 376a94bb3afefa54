"""What we say: an outbox planned from what is true, and delivered once."""
