-- 文書に印刷された値 / The values as printed
WITH printed AS (
  SELECT id AS figure, period, dims ->> 'cin_pillar' AS cin_pillar, value
  FROM published_figure
  WHERE source = 'd003' AND series = 'registry-achievements' AND id NOT LIKE '%~%'
)
SELECT period, cin_pillar, value FROM printed ORDER BY period, cin_pillar
