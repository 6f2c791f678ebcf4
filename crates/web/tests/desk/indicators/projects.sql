-- 台帳の課題 / Projects of the register
WITH projects AS (
  SELECT _id, year FROM project
)
SELECT CAST(year AS TEXT) AS period, count(*) AS value FROM projects GROUP BY year
