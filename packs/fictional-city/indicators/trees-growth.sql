-- 報告書の本数 / Trees as the report prints them
WITH printed AS (
  SELECT id AS figure, period, value FROM published_figure WHERE series = 'trees-planted' AND dims = '{}'
)
SELECT '2025' AS period, max(value) FILTER (WHERE period = '2025') / max(value) FILTER (WHERE period = '2024') AS value FROM printed
