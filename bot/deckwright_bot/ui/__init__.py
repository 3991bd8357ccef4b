"""What members see: texts, embeds, buttons, modals, within Discord's limits."""
