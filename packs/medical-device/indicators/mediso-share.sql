-- 相談内容別の件数 / Counts by topic
WITH topics AS (
  SELECT id AS figure, period, dims ->> 'product_kind' AS product_kind, dims ->> 'mediso_topic' AS mediso_topic, value
  FROM published_figure WHERE source = 'd001' AND series = 'mediso-topics'
),
-- 製品別の全案件数（再掲を除く） / Consultations by product, without reprints
cases AS (
  SELECT id AS figure, dims ->> 'product_kind' AS product_kind, value
  FROM published_figure WHERE source = 'd001' AND series = 'mediso-cases' AND id NOT LIKE '%~%'
),
-- 割合 / Shares
shares AS (
  SELECT t.period, t.product_kind, t.mediso_topic, 100.0 * t.value / c.value AS value, t.value AS numerator, c.value AS denominator
  FROM topics t JOIN cases c ON c.product_kind IS t.product_kind
)
SELECT period, product_kind, mediso_topic, value, numerator, denominator FROM shares
