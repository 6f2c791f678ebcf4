-- 資料に挙げられた事業 / Projects listed in the material
WITH projects AS (
  SELECT _id, fiscal_year, country FROM overseas_training WHERE _source = 'd001'
)
SELECT CAST(fiscal_year AS TEXT) AS period, count(DISTINCT country) AS value FROM projects GROUP BY fiscal_year
