"""Use cases on plain values. Nothing here knows Discord: what must be sent goes through `ports.Messenger`."""
