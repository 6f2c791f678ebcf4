-- 報告書の値 / As the report prints it
WITH printed AS (
  SELECT id AS figure, period, value FROM published_figure WHERE series = 'park-access'
)
SELECT period, value FROM printed
