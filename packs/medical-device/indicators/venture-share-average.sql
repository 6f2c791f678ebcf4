-- ベンチャー企業の数（印刷値） / Ventures as printed
WITH companies AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd003' AND series = 'venture-companies'
),
-- アンケートの回答数（印刷値） / Responses to the survey as printed
responses AS (
  SELECT id AS figure, period, value FROM published_figure WHERE source = 'd003' AND series = 'venture-responses'
),
-- 年ごとの割合 / Share year by year
shares AS (
  SELECT c.figure, c.period, 100.0 * c.value / r.value AS share FROM companies c JOIN responses r USING (period)
)
-- 3年の割合の単純平均（回答数で重み付けしない） / Plain mean of the three yearly shares, not weighted by responses
SELECT '2022/2024' AS period, avg(share) AS value, count(*) AS n FROM shares
