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
-- 文書と同じく1兆円単位に丸めて先へ進む / Rounded to whole trillions, as the document carries on
base AS (
  SELECT CAST(period AS INTEGER) AS year, round_to(sales, -12) AS sales FROM sector
),
-- 年平均成長率 / Annual growth
growth AS (
  SELECT id AS assumption, value / 100.0 AS rate FROM assumption WHERE id = 'sales-growth'
),
-- 2040年まで伸ばす / Grown to 2040
projected AS (
  SELECT '2040' AS period, project(sales, rate, 2040 - year) AS value FROM base, growth
)
SELECT period, round_to(value, 0) AS value FROM projected
