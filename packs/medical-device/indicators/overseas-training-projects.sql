-- 資料に挙げられた事業 / Projects listed in the material
WITH projects AS (
  SELECT _id, fiscal_year, country FROM overseas_training WHERE _source = 'd001'
),
-- 国ごとの数 / By country
by_country AS (
  SELECT CAST(fiscal_year AS TEXT) AS period, country, count(*) AS value FROM projects GROUP BY fiscal_year, country
)
SELECT period, country, value FROM by_country
UNION ALL
SELECT period, NULL, sum(value) FROM by_country GROUP BY period
