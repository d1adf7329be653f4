"""Reads chats in a zip as the app hands it out: KakaoTalk, WhatsApp, Telegram, Slack, Facebook, Instagram.

The chats are read; pictures and whatever else is in it are named in a warning.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from etl.documents.chats.layouts import find_layout
from etl.documents.chats.lines import read_chat
from etl.documents.chats.records import decode_json, find_records, read_records
from etl.documents.chats.slack import is_day_name, is_list_name, is_slack_day, read_slack_day, user_names
from etl.documents.chats.tables import is_chat_table, read_chat_table
from etl.documents.passage import Passage
from etl.documents.text import decode
from etl.errors import InputError
from etl.ingestion.sources.raw import DAMAGE_ERRORS
from etl.runtime.console import plural
