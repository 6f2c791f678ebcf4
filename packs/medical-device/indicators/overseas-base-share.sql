-- 海外拠点を有する企業の数（印刷値） / Companies with bases abroad as printed
WITH companies AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd003' AND series = 'overseas-base-companies'
),
-- アンケートの回答数（印刷値） / Responses to the survey as printed
responses AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd003' AND series = 'venture-responses'
),
-- 年ごとの割合 / Share year by year
shares AS (
  SELECT c.period, 100.0 * c.value / r.value AS value, c.value AS numerator, r.value AS denominator, CAST(r.value AS INTEGER) AS n
  FROM companies c JOIN responses r USING (period)
)
SELECT period, value, numerator, denominator, n FROM shares ORDER BY period
