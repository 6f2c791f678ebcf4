-- 現地で認可された採択課題 / Adopted projects approved locally
WITH approved AS (
  SELECT DISTINCT e._id, e.country
  FROM emerging_project e JOIN emerging_project__phases f ON f._id = e._id
  WHERE e._source = 'd001' AND f.phase = 'local_approved'
)
SELECT '-' AS period, country, count(*) AS value FROM approved GROUP BY country
