-- 機器を開発する採択課題 / Adopted projects that develop a device
WITH projects AS (
  SELECT _id, country FROM emerging_project WHERE _source = 'd001' AND device_class IS NOT NULL
)
SELECT '-' AS period, country, count(*) AS value FROM projects GROUP BY country
UNION ALL
SELECT '-', NULL, count(*) FROM projects HAVING count(*) > 0
