"""The CDNOW purchase log as purchases, read by DuckDB straight from the file: no line of our reader is involved."""

from __future__ import annotations

from pathlib import Path

from mandegar.recount.measures import Recount

_READ = r"""
INSERT INTO purchase
SELECT $shop, part[1], strptime(part[2], '%Y%m%d')::DATE, 'USD', round(part[4]::DECIMAL(12, 4) * 100)::BIGINT
FROM (
    SELECT regexp_split_to_array(trim(line, E' \r'), ' +') AS part
    FROM read_csv($file, columns = {'line': 'VARCHAR'}, header = false, skip = 1, delim = '', quote = '',
                  escape = '', compression = 'gzip', new_line = '\r\n', auto_detect = false))
"""


def cdnow_purchases(file: Path, shop: str) -> Recount:
    """A recount over the whole log. The shop lies in UTC and sells in USD, so a date of the file is its day."""
    recount = Recount()
    recount.connection.execute(_READ, {"shop": shop, "file": str(file)})
    return recount
