-- 台帳の灯り / Lamps of the register
WITH lamps AS (
  SELECT _id, built FROM lamp
)
SELECT '2022' AS period, count(*) AS value FROM lamps
