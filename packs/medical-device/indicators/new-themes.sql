-- 採択後1年未満の確定したテーマ / Confirmed themes adopted less than one year before the survey
WITH themes AS (
  SELECT _id, survey_year FROM project WHERE under_one_year = 1 AND _state = 'confirmed'
)
SELECT CAST(survey_year AS TEXT) AS period, count(*) AS value, count(*) AS n FROM themes GROUP BY survey_year ORDER BY survey_year
