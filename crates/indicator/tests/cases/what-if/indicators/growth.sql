-- 基準年の費用 / Cost in the base year
WITH base AS (
  SELECT sum(cost) AS cost FROM tree WHERE fiscal_year(planted_on) = 2024
),
-- 年の伸び / Yearly growth
rate AS (
  SELECT value / 100.0 AS rate FROM assumption WHERE id = 'growth'
),
-- 2030年まで / To 2030
years(year) AS (
  SELECT 2024 UNION ALL SELECT year + 1 FROM years WHERE year < 2027
)
SELECT CAST(year AS TEXT) AS period, project(cost, rate, year - 2024) AS value FROM years, base, rate
