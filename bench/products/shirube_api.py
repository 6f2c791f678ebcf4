"""The addresses of Shirube's JSON API that the questions need, and where their answers keep what is compared."""

import json
import urllib.parse

from questions import PER_PAGE

READY = "/api/v1/health"
RECORDS = "/api/v1/registers/project/records"
INDICATOR = "/api/v1/indicators/stage-up-rate/values"


def list_path(focus, stage, page, as_of=None):
    query = {"f.focus": focus, "f.stage": stage, "sort": "-grant", "limit": PER_PAGE}
    if page > 1:
        query["cursor"] = f"o{(page - 1) * PER_PAGE}"
    if as_of:
        query["as_of"] = as_of
    return RECORDS + "?" + urllib.parse.urlencode(query)


def screen_path(focus, stage, page):
    """The same list as a page of the portal."""
    query = {"f.focus": focus, "f.stage": stage, "sort": "-grant", "size": PER_PAGE, "page": page}
    return "/registers/project?" + urllib.parse.urlencode(query)


def listed(body):
    """Number of matches, themes of the page."""
    found = json.loads(body)
    return found["total"]["count"], [r["theme"] for r in found["records"]]


def listed_ids(body):
    return [r["_id"] for r in json.loads(body)["records"]]


def record_path(id):
    return f"{RECORDS}/{id}"


def create_body(row):
    """A row of the file as the API takes a new record: texts as in files; it begins in the first state."""
    return {name: text for name, text in row.items() if text != "" and name != "_state"}
