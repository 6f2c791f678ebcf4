"""The questions every product is asked."""

FOCUS = ["1", "2", "3", "4", "5", "multiple"]
STAGES = ["basic", "applied", "nonclinical", "clinical"]
PER_PAGE = 50
REQUESTS = 200
WARM_UP = 24
ROUNDS = 4

COUNTED = 1_000  # matches are counted up to here, where a product can be told so

# A list: records of one focus field and one stage, highest grant first, 50 a page, with the number of matches.
# All 24 pairs take turns, so that no answer can be one that was kept.
PAIRS = [(focus, stage) for focus in FOCUS for stage in STAGES]


def deep_page(total):
    """The page in the middle of `total` matches."""
    return max(1, total // PER_PAGE // 2)
