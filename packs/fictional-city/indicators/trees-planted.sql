-- 年度をつけた台帳 / The register with its fiscal years
WITH planted AS (
  SELECT _id, fiscal_year(planted_on) AS fiscal_year, district FROM tree
),
-- 年度と区ごとの本数 / Trees by fiscal year and district
by_district AS (
  SELECT CAST(fiscal_year AS TEXT) AS period, district, count(*) AS value FROM planted GROUP BY fiscal_year, district
),
-- 市全体 / The whole city
whole AS (
  SELECT period, NULL AS district, sum(value) AS value FROM by_district GROUP BY period
)
SELECT * FROM whole UNION ALL SELECT * FROM by_district
