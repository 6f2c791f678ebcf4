-- 承認された利活用 / Approved uses
WITH uses AS (
  SELECT u._id, fiscal_year(u.approved_on) AS year, p.code AS ngmi_producer
  FROM data_use u JOIN accredited_producer p ON p._id = u.producer
  WHERE u._state = 'approved' AND u.approved_on IS NOT NULL
),
-- 年度・事業者別の件数と全体 / By fiscal year and producer, and all together
counted AS (
  SELECT year, ngmi_producer, count(*) AS n FROM uses GROUP BY year, ngmi_producer
  UNION ALL
  SELECT year, NULL, count(*) FROM uses GROUP BY year
)
SELECT CAST(year AS TEXT) AS period, ngmi_producer, n AS value FROM counted
ORDER BY period, ngmi_producer
