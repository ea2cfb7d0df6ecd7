"""Settings: what a process is told by its environment, typed, described and refused where unsafe.

What may not live here: behaviour that follows from a setting. A service adds its own fields in its `settings.py` by
subclassing `PlatformSettings`; docs/SETTINGS.md is generated from the descriptions.
"""

from shared.settings.documentation import SETTINGS_PAGE, settings_page, settings_table
from shared.settings.logins import LoginError, Logins, ProcessRole, login_url, logins_of
from shared.settings.platform import PlatformSettings, SettingsError

__all__ = [
    "SETTINGS_PAGE",
    "LoginError",
    "Logins",
    "PlatformSettings",
    "ProcessRole",
    "SettingsError",
    "login_url",
    "logins_of",
    "settings_page",
    "settings_table",
]
