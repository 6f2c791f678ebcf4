-- 年報の値 / Values of the yearbook
WITH printed AS (
  SELECT id AS figure, period, value, status FROM published_figure WHERE series = 'lamps' AND dims = '{}'
)
SELECT period, value, value AS n, status FROM printed ORDER BY period
