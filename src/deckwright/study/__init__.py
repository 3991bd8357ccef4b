"""The rules of the study group, pure: no clock, no global random, no input or output.

Every instant is an aware datetime in UTC, every date a local date in the group's zone, every
member a Discord user id. What is asked of the clock or of chance comes in as an argument, so
that each rule (R1 to R32 of ``docs/rules.md``) has one place here and tests of its own.
"""
