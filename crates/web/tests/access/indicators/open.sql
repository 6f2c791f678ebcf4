-- 公開の項目を読む / Reads public fields
WITH cases AS (
  SELECT _id, title, year FROM "case" WHERE year IS NOT NULL
)
SELECT CAST(year AS TEXT) AS period, count(*) AS value FROM cases GROUP BY year
