"""One module per product; each answers the same questions.

    start()                     ready to take records; an empty register
    load(path, count)           -> {"seconds": …} of an import through the front door
    list(focus, stage, page)    -> (number of matches, themes of the page); `ask_list` is the timed part
    ids(count)                  -> ids to read
    read(id), create(record)    -> one answer, raw
    stop()
"""
