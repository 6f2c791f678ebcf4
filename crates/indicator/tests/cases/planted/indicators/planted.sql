-- 年度をつけた台帳 / The register with its fiscal years
WITH planted AS (
  SELECT _id, fiscal_year(planted_on) AS year, district, alive FROM tree
),
-- 区ごとの本数と枯れた割合 / Trees by district and the share that lives
by_district AS (
  SELECT year, district, count(*) AS trees, sum(alive) AS living FROM planted GROUP BY year, district
),
-- 市全体を加える / With the whole city
with_whole AS (
  SELECT year, district, trees, living FROM by_district
  UNION ALL
  SELECT year, NULL, sum(trees), sum(living) FROM by_district GROUP BY year
)
SELECT CAST(year AS TEXT) AS period, district, 100.0 * living / trees AS value,
       living AS numerator, trees AS denominator, trees AS n
FROM with_whole
ORDER BY district DESC, year DESC
