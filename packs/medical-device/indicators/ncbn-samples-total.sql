-- 種類・利用の区分別の検体数 / Samples by kind and use
WITH parts AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd001' AND series = 'ncbn-samples'
)
SELECT period, sum(value) AS value FROM parts GROUP BY period
