-- 資料に挙げられた国 / Countries the material lists
WITH reports AS (
  SELECT _id, country FROM country_report WHERE _source = 'd001'
)
SELECT '-' AS period, count(*) AS value FROM reports HAVING count(*) > 0
