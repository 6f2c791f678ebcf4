-- 台帳の灯り / Lamps of the register
WITH lamps AS (
  SELECT _id, built, field, stage FROM lamp
)
SELECT CAST(built AS TEXT) AS period, field, stage, count(*) AS value, count(*) AS n FROM lamps GROUP BY built, field, stage
UNION ALL
SELECT CAST(built AS TEXT), NULL, stage, count(*), count(*) FROM lamps GROUP BY built, stage
