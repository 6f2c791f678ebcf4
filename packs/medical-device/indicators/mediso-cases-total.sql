-- 製品別の全案件数（再掲を除く） / Consultations by product, without reprints
WITH parts AS (
  SELECT id AS figure, period, value
  FROM published_figure
  WHERE source = 'd001' AND series = 'mediso-cases' AND dims ->> 'product_kind' IS NOT NULL AND id NOT LIKE '%~%'
)
SELECT period, NULL AS product_kind, sum(value) AS value FROM parts GROUP BY period
