-- 文書に印刷された値 / The values as printed
WITH printed AS (
  SELECT id AS figure, period, value
  FROM published_figure
  WHERE source = 'd003' AND series = 'idaten-confirmations' AND id NOT LIKE '%~%'
)
SELECT period, value FROM printed ORDER BY period
