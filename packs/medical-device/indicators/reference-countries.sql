-- 確認済みの制度 / Confirmed arrangements
WITH arrangements AS (
  SELECT _id, country, confirmed_fy FROM reference_country
  WHERE _state = 'confirmed' AND confirmed_fy IS NOT NULL AND confirmed_fy <= :fiscal_year
),
-- 国ごとに最初に確認した年度 / First fiscal year per country
first_year AS (
  SELECT country, min(confirmed_fy) AS fiscal_year FROM arrangements GROUP BY country
),
-- 年度までの累計 / Cumulative count up to each fiscal year
cumulative AS (
  SELECT CAST(y.fiscal_year AS TEXT) AS period,
         (SELECT count(*) FROM first_year f WHERE f.fiscal_year <= y.fiscal_year) AS value
  FROM (SELECT DISTINCT fiscal_year FROM first_year) y
)
SELECT * FROM cumulative ORDER BY period
