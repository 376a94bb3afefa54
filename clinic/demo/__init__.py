"""The demo clinic: made-up people, through the real actions."""
