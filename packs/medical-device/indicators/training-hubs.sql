-- 文書に印刷された値 / The values as printed
WITH printed AS (
  SELECT id AS figure, period, dims ->> 'training_type' AS training_type, value
  FROM published_figure
  WHERE source = 'd003' AND series = 'training-hubs' AND id NOT LIKE '%~%'
)
SELECT period, training_type, value FROM printed ORDER BY period, training_type
