-- 内部の項目を読む / Reads an internal field
WITH memos AS (
  SELECT _id, memo, year FROM "case" WHERE memo IS NOT NULL AND year IS NOT NULL
)
SELECT CAST(year AS TEXT) AS period, count(*) AS value FROM memos GROUP BY year
