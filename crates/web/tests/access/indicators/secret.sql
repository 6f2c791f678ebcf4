-- 企業秘密の項目を読む / Reads a commercial field
WITH prices AS (
  SELECT _id, price, year FROM "case" WHERE price IS NOT NULL AND year IS NOT NULL
)
SELECT CAST(year AS TEXT) AS period, count(*) AS value FROM prices GROUP BY year
