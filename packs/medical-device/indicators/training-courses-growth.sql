-- 最初と最後の年の印刷値 / The printed values of the first and the last year
WITH ends AS (
  SELECT id AS figure, period, value FROM published_figure
  WHERE source = 'd003' AND series = 'training-courses' AND period IN ('2022', '2024')
),
-- 最後の年を最初の年で割る / Last year over first
fold AS (
  SELECT max(CASE period WHEN '2024' THEN value END) AS numerator, max(CASE period WHEN '2022' THEN value END) AS denominator FROM ends
)
SELECT '2022/2024' AS period, numerator / denominator AS value, numerator, denominator FROM fold
