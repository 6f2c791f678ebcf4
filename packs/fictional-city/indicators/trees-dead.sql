-- 台帳の木 / Trees of the register
WITH trees AS (
  SELECT _id, alive FROM tree
)
SELECT '2025' AS period, 100.0 * sum(1 - alive) / count(*) AS value, sum(1 - alive) AS numerator, count(*) AS denominator, count(*) AS n FROM trees
