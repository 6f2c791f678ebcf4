-- 製品×相談内容の件数 / Counts by product and topic
WITH parts AS (
  SELECT id AS figure, period, dims ->> 'mediso_topic' AS mediso_topic, value
  FROM published_figure
  WHERE source = 'd001' AND series = 'mediso-topics' AND dims ->> 'product_kind' IS NOT NULL
)
SELECT period, NULL AS product_kind, mediso_topic, sum(value) AS value FROM parts GROUP BY period, mediso_topic
