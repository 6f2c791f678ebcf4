"""The addresses of Shirube's JSON API that the questions need, and where their answers keep what is compared."""

import json
import urllib.parse

from questions import PER_PAGE

LIST = "/api/v1/registers/project/records"


def list_path(focus, stage, page, as_of=None):
    query = {"focus": focus, "stage": stage, "sort": "grant desc", "page": page, "per_page": PER_PAGE}
    if as_of:
        query["as_of"] = as_of
    return LIST + "?" + urllib.parse.urlencode(query)


def listed(body):
    """Number of matches, themes of the page."""
    found = json.loads(body)
    return found["total"], [r["theme"] for r in found["records"]]


def listed_ids(body):
    return [r["_id"] for r in json.loads(body)["records"]]


def record_path(id):
    return f"{LIST}/{id}"


def create_body(row):
    """A row of the file as the API takes a new record."""
    return {"content": {name: text for name, text in row.items() if text != ""}}


def indicator_path(id):
    return f"/api/v1/indicators/{id}"


READY = "/api/v1"
