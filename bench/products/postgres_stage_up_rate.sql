-- indicators/stage-up-rate.sql in PostgreSQL's dialect
WITH themes AS (
  SELECT id, survey_year, stage, moved_up AS hit
  FROM project
  WHERE NOT under_one_year AND outcome IS NOT NULL AND state = 'confirmed'
),
by_stage AS (
  SELECT survey_year, stage, sum(hit) AS hits, count(*) AS themes FROM themes GROUP BY survey_year, stage
),
overall AS (
  SELECT survey_year, NULL AS stage, sum(hits) AS hits, sum(themes) AS themes FROM by_stage GROUP BY survey_year
)
SELECT survey_year::text AS period, stage, (100.0 * hits / themes)::float8 AS value, hits AS numerator, themes AS denominator, themes AS n
FROM (SELECT * FROM overall UNION ALL SELECT * FROM by_stage) both_of_them
ORDER BY stage NULLS FIRST, survey_year
