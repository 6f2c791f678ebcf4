-- 売上500億円以上の内資系26社の総売上（公表値） / Sales of the 26 Japanese-capital companies with 50 billion yen or more, as published
WITH large_companies AS (
  SELECT id AS figure, period, value AS sales
  FROM published_figure WHERE source = 'd004' AND series = 'kgi-1-large-company-sales'
),
-- 売上集中度（2023年度の値を当てる） / Their share of all companies' sales (the FY2023 value is applied)
concentration AS (
  SELECT id AS assumption, value / 100.0 AS share FROM assumption WHERE id = 'sales-concentration'
),
-- 集中度で割り戻した内資系全体の売上 / Sales of the whole sector: divided by the concentration
sector AS (
  SELECT period, sales / share AS sales, sales AS large_sales, share FROM large_companies, concentration
),
-- 1兆円単位に丸めた内資系全体の売上（約10兆円） / Sales of the sector rounded to whole trillions (about 10 trillion yen)
sector_rounded AS (
  SELECT period, round_to(sales, -12) AS sales FROM sector
),
-- 内資系9社の回答（ドル、公表値） / Answers of nine Japanese-capital companies, in dollars, as published
domestic_answers AS (
  SELECT id AS figure, period, value AS dollars
  FROM published_figure WHERE source = 'd004' AND series = 'kgi-2-answers-usd' AND dims ->> 'capital' = 'domestic'
),
-- 為替レートと9社の医療機器売上 / Exchange rate, and device sales of the nine
inputs AS (
  SELECT (SELECT value FROM assumption WHERE id = 'exchange-rate') AS yen_per_dollar,
         (SELECT value FROM assumption WHERE id = 'respondents-sales') AS respondents_sales
),
-- 9社の投資／売上比率を内資系全体に当てる / The nine's ratio of investment to sales, applied to the whole sector
domestic AS (
  SELECT period, dollars * yen_per_dollar AS answered, respondents_sales,
         dollars * yen_per_dollar / respondents_sales * sales AS investment
  FROM domestic_answers JOIN sector_rounded USING (period), inputs
),
-- 外資系10社の回答（円、公表値をそのまま用いる） / Answers of ten foreign-capital companies, in yen: the printed value is carried on as it is
foreign_answers AS (
  SELECT id AS figure, period, value AS investment
  FROM published_figure WHERE source = 'd004' AND series = 'kgi-2-answers-yen' AND dims ->> 'capital' = 'foreign'
),
-- 内資系を100億円単位に丸める（約1.65兆円） / Japanese-capital investment rounded to ten billions (about 1.65 trillion yen)
domestic_rounded AS (
  SELECT period, round_to(investment, -10) AS investment FROM domestic
),
-- 年平均成長率 / Annual growth
growth AS (
  SELECT id AS assumption, value / 100.0 AS rate FROM assumption WHERE id = 'investment-growth'
),
-- 2040年まで伸ばす / Grown to 2040
projected AS (
  SELECT 'domestic' AS capital, project(investment, rate, 2040 - CAST(period AS INTEGER)) AS value FROM domestic_rounded, growth
  UNION ALL
  SELECT 'foreign', project(investment, rate, 2040 - CAST(period AS INTEGER)) FROM foreign_answers, growth
),
-- 印刷のとおり丸める（内資系は1,000億円、外資系は10億円単位） / Rounded as printed (to 100 billion and to 1 billion yen)
rounded AS (
  SELECT capital, CASE capital WHEN 'domestic' THEN round_to(value, -11) ELSE round_to(value, -9) END AS value FROM projected
)
SELECT '2040' AS period, NULL AS capital, sum(value) AS value FROM rounded HAVING count(value) = 2
UNION ALL
SELECT '2040', capital, value FROM rounded
