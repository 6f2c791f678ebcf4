-- 相談内容別の件数 / Counts by topic
WITH topics AS (
  SELECT id AS figure, period, dims ->> 'product_kind' AS product_kind, value
  FROM published_figure WHERE source = 'd001' AND series = 'mediso-topics'
),
-- 製品ごとの延べ件数 / All topics together, by product
answers AS (
  SELECT period, product_kind, sum(value) AS answers FROM topics GROUP BY period, product_kind
),
-- 製品別の全案件数（再掲を除く） / Consultations by product, without reprints
cases AS (
  SELECT id AS figure, dims ->> 'product_kind' AS product_kind, value
  FROM published_figure WHERE source = 'd001' AND series = 'mediso-cases' AND id NOT LIKE '%~%'
)
SELECT a.period, a.product_kind, a.answers / c.value AS value, a.answers AS numerator, c.value AS denominator
FROM answers a JOIN cases c ON c.product_kind IS a.product_kind
