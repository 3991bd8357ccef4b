"""The study bot: a daily question in the group's channel, private answers, streaks people can trust."""
