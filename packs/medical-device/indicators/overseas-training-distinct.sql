-- 資料に挙げられた事業の名称 / Names of the listed projects
WITH projects AS (
  SELECT _id, fiscal_year, replace(name, '、', '') AS plain_name FROM overseas_training WHERE _source = 'd001'
)
SELECT CAST(fiscal_year AS TEXT) AS period, count(DISTINCT plain_name) AS value, count(*) AS n FROM projects GROUP BY fiscal_year
